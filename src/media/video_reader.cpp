#include "media/video_reader.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "media/hdr.h"
#include "media/stream_decoder.h"

namespace vultus::media {
namespace {

// A gap longer than this in the image's times is a fault, not a still scene.
constexpr double kMaxGapSeconds = 120;
constexpr int kMaxSidePx = 16384;
constexpr std::size_t kPastRow = 64;  ///< bytes

/// The usual rate next to what a container's rounded times suggest; the value itself if there is none.
AVRational snap_rate(AVRational rate) {
    static constexpr AVRational kUsual[] = {{24000, 1001}, {24, 1},  {25, 1}, {30000, 1001},
                                            {30, 1},       {48, 1},  {50, 1}, {60000, 1001},
                                            {60, 1},       {100, 1}, {120, 1}};
    for (const AVRational& usual : kUsual) {
        if (std::abs(av_q2d(rate) / av_q2d(usual) - 1) < 4e-4) return usual;
    }
    AVRational reduced;
    av_reduce(&reduced.num, &reduced.den, rate.num, rate.den, 1000000);
    return reduced;
}

/// Clockwise quarter turns that make the image upright.
int quarter_turns(const AVStream* stream) {
    const std::uint8_t* matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
    if (!matrix) return 0;
    const double degrees = av_display_rotation_get(reinterpret_cast<const std::int32_t*>(matrix));
    if (!std::isfinite(degrees)) return 0;
    return ((static_cast<int>(std::lround(-degrees / 90)) % 4) + 4) % 4;
}

void rotate_clockwise(const Image& from, int turns, Image& to) {
    const bool swapped = turns % 2 != 0;
    to.width = swapped ? from.height : from.width;
    to.height = swapped ? from.width : from.height;
    to.rgb.resize(from.rgb.size());
    for (int y = 0; y < to.height; ++y) {
        for (int x = 0; x < to.width; ++x) {
            const int sx = turns == 1 ? y : turns == 2 ? from.width - 1 - x : from.width - 1 - y;
            const int sy = turns == 1 ? from.height - 1 - x : turns == 2 ? from.height - 1 - y : x;
            std::copy_n(from.pixel(sx, sy), 3, to.pixel(x, y));
        }
    }
}

/// Untagged material follows the broadcast habit: BT.601 below 720 lines, BT.709 from there on.
const int* yuv_matrix(const AVFrame* frame) {
    if (frame->colorspace != AVCOL_SPC_UNSPECIFIED && frame->colorspace != AVCOL_SPC_RGB) {
        return sws_getCoefficients(frame->colorspace);
    }
    return sws_getCoefficients(frame->height < 720 ? AVCOL_SPC_SMPTE170M : AVCOL_SPC_BT709);
}

bool full_range(const AVFrame* frame) {
    switch (frame->format) {
        case AV_PIX_FMT_YUVJ420P:
        case AV_PIX_FMT_YUVJ422P:
        case AV_PIX_FMT_YUVJ444P:
            return true;
        default:
            return frame->color_range == AVCOL_RANGE_JPEG;
    }
}

int flags_of(Colours colours) {
    if (colours == Colours::kQuick) return SWS_BICUBIC;
    if (colours == Colours::kLinear) return SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT;
    return SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT;
}

}  // namespace

struct VideoReader::Impl {
    Impl(const std::filesystem::path& path, const VideoReaderOptions& options)
        : path(path.string()),
          decoder(path, AVMEDIA_TYPE_VIDEO, options.threads),
          colours(options.colours),
          current(make_frame()),
          next(make_frame()) {
        AVStream* stream = decoder.stream();
        AVRational average = stream->avg_frame_rate;
        if (average.num <= 0 || average.den <= 0) average = stream->r_frame_rate;
        if (average.num <= 0 || average.den <= 0) average = {25, 1};
        source_rate = snap_rate(average);
        rate = options.fps_num > 0 ? AVRational{options.fps_num, options.fps_den} : source_rate;
        if (rate.den <= 0 || av_q2d(rate) > 1000) {
            fail(ErrorCode::kInvalidArgument, "[media] {}: frame rate {}/{} is out of range", this->path,
                 rate.num, rate.den);
        }
        turns = quarter_turns(stream);
        if (!advance())
            fail(ErrorCode::kCorruptData, "[media] {}: no picture in it can be decoded", this->path);
        have_next = advance();
        set_size();
    }

    void set_size() {
        // Non-square samples are widened so that the face keeps its shape.
        AVRational aspect = current->sample_aspect_ratio;
        if (aspect.num <= 0 || aspect.den <= 0) aspect = {1, 1};
        source_height = current->height;
        source_width = static_cast<int>(std::lround(current->width * av_q2d(aspect)));
        if (source_width < 2 || source_height < 2 || source_width > kMaxSidePx ||
            source_height > kMaxSidePx) {
            fail(ErrorCode::kCorruptData, "[media] {}: picture size {}x{} is out of range", path,
                 source_width, source_height);
        }
    }

    /// Decodes one more image: `next` becomes `current`. False (and `current` keeps its image) at the
    /// end.
    bool advance() {
        if (have_next) {
            std::swap(current, next);
            current_seconds = next_seconds;
            have_next = false;
        }
        AVFrame* target = have_current ? next.get() : current.get();
        av_frame_unref(target);
        while (decoder.next(target)) {
            const double seconds = seconds_of(target);
            if (!have_current) {
                have_current = true;
                current_seconds = 0;
                return true;
            }
            if (seconds <= current_seconds)
                continue;  // shown at the same time or out of order: no place for it
            if (seconds - current_seconds > kMaxGapSeconds) {
                fail(ErrorCode::kCorruptData, "[media] {}: times of the picture jump by {:.0f} s", path,
                     seconds - current_seconds);
            }
            last_step = seconds - current_seconds;
            next_seconds = seconds;
            return true;
        }
        return false;
    }

    /// Presentation time from the first image on; images without one follow at the source's rate.
    double seconds_of(const AVFrame* frame) {
        const std::int64_t stamp = frame->best_effort_timestamp;
        double seconds;
        if (stamp == AV_NOPTS_VALUE) {
            seconds = have_current ? last_stamp_seconds + 1 / av_q2d(source_rate) : 0;
        } else {
            seconds = stamp * av_q2d(decoder.stream()->time_base);
        }
        last_stamp_seconds = seconds;
        if (!have_current) origin_seconds = seconds;
        return seconds - origin_seconds;
    }

    bool read(Image& image) {
        if (!skip()) return false;
        convert(current.get(), image);
        return true;
    }

    bool skip() {
        const double wanted = static_cast<double>(frame_index) * rate.den / rate.num;
        while (have_next && std::abs(next_seconds - wanted) < std::abs(current_seconds - wanted)) {
            if (!(have_next = advance())) break;
        }
        if (!have_next) {
            const double end_seconds = current_seconds + last_picture_seconds();
            if (frame_index >= std::max<std::int64_t>(1, std::llround(end_seconds * av_q2d(rate))))
                return false;
        }
        ++frame_index;
        return true;
    }

    double last_picture_seconds() const {
        const double stated = current->pkt_duration * av_q2d(decoder.stream()->time_base);
        const double lasts = stated > 0 ? stated : last_step > 0 ? last_step : 1 / av_q2d(source_rate);
        return std::min(lasts, 1.0);
    }

    void convert(const AVFrame* frame, Image& image) {
        Image& target = turns ? unrotated : image;
        target.width = source_width;
        target.height = source_height;
        target.rgb.resize(std::size_t{3} * source_width * source_height);
        if (const bool pq = frame->color_trc == AVCOL_TRC_SMPTE2084;
            pq || frame->color_trc == AVCOL_TRC_ARIB_STD_B67) {
            deep.resize(target.rgb.size());
            scale(frame, AV_PIX_FMT_RGB48, reinterpret_cast<std::uint8_t*>(deep.data()), 6);
            if (!tone_mapper) tone_mapper.emplace(pq ? Transfer::kPq : Transfer::kHlg);
            tone_mapper->map(deep.data(), deep.size() / 3, target.rgb.data());
        } else {
            scale(frame, AV_PIX_FMT_RGB24, target.rgb.data(), 3);
        }
        if (frame->interlaced_frame) deinterlace(target.rgb.data(), source_width, source_height);
        if (turns) rotate_clockwise(unrotated, turns, image);
    }

    void scale(const AVFrame* frame, AVPixelFormat format, std::uint8_t* out, int pixel_bytes) {
        scaler.reset(sws_getCachedContext(
            scaler.release(), frame->width, frame->height, static_cast<AVPixelFormat>(frame->format),
            source_width, source_height, format, flags_of(colours), nullptr, nullptr, nullptr));
        if (!scaler) fail(ErrorCode::kUnsupported, "[media] {}: pixel format cannot be converted", path);
        sws_setColorspaceDetails(scaler.get(), yuv_matrix(frame), full_range(frame),
                                 sws_getCoefficients(AVCOL_SPC_BT709), 1, 0, 1 << 16, 1 << 16);
        const std::size_t row = static_cast<std::size_t>(pixel_bytes) * source_width;
        std::uint8_t* target = out;
        std::size_t stride = row;
        const bool past = colours == Colours::kQuick;  // it writes past the ends of rows
        if (past) {
            stride = (row + 2 * kPastRow) / kPastRow * kPastRow;
            padded.resize(stride * source_height + kPastRow);
            target = padded.data();
        }
        std::uint8_t* planes[4] = {target, nullptr, nullptr, nullptr};
        const int strides[4] = {static_cast<int>(stride), 0, 0, 0};
        sws_scale(scaler.get(), frame->data, frame->linesize, 0, frame->height, planes, strides);
        for (int y = 0; past && y < source_height; ++y)
            std::copy_n(padded.data() + stride * y, row, out + row * y);
    }

    std::string path;
    StreamDecoder decoder;
    Colours colours;
    std::vector<std::uint8_t> padded;  ///< a picture with room at the ends of its rows
    FramePtr current, next;
    bool have_current = false, have_next = false;
    double current_seconds = 0, next_seconds = 0, origin_seconds = 0, last_stamp_seconds = 0, last_step = 0;
    AVRational rate{25, 1}, source_rate{25, 1};
    int turns = 0, source_width = 0, source_height = 0;
    std::int64_t frame_index = 0;
    SwsPtr scaler;
    Image unrotated;
    std::vector<std::uint16_t> deep;  // RGB of high dynamic range
    std::optional<ToneMapper> tone_mapper;
};

VideoReader::VideoReader(const std::filesystem::path& path, const VideoReaderOptions& options)
    : impl_(std::make_unique<Impl>(path, options)) {}
VideoReader::~VideoReader() = default;

bool VideoReader::read(Image& image) { return impl_->read(image); }
bool VideoReader::skip() { return impl_->skip(); }
int VideoReader::width() const { return impl_->turns % 2 ? impl_->source_height : impl_->source_width; }
int VideoReader::height() const { return impl_->turns % 2 ? impl_->source_width : impl_->source_height; }
int VideoReader::fps_num() const { return impl_->rate.num; }
int VideoReader::fps_den() const { return impl_->rate.den; }
std::int64_t VideoReader::num_damaged() const { return impl_->decoder.num_damaged(); }

std::string VideoReader::comment() const {
    const AVFormatContext* format = impl_->decoder.input()->format();
    const AVDictionaryEntry* entry = format ? av_dict_get(format->metadata, "comment", nullptr, 0) : nullptr;
    if (!entry) entry = av_dict_get(impl_->decoder.stream()->metadata, "comment", nullptr, 0);
    if (!entry && format && format->nb_programs > 0)  // MPEG-TS has no comments
        entry = av_dict_get(format->programs[0]->metadata, "service_name", nullptr, 0);
    return entry ? entry->value : "";
}

double VideoReader::claimed_seconds() const {
    const AVFormatContext* format = impl_->decoder.input()->format();
    const AVStream* stream = impl_->decoder.stream();
    if (stream->duration > 0) return stream->duration * av_q2d(stream->time_base);
    return format->duration > 0 ? static_cast<double>(format->duration) / AV_TIME_BASE : 0;
}

}  // namespace vultus::media
