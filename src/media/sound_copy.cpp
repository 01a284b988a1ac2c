#include "media/sound_copy.h"

#include <cmath>
#include <cstdlib>
#include <string_view>

namespace vultus::media {
namespace {

/// What players take from such a container.
bool holds(const Container& container, AVCodecID codec) {
    const std::string_view muxer = container.muxer;
    if (muxer == "mp4" || muxer == "mov") return codec == AV_CODEC_ID_AAC;
    if (muxer == "matroska") return codec == AV_CODEC_ID_AAC || codec == AV_CODEC_ID_OPUS;
    return muxer == "webm" && codec == AV_CODEC_ID_OPUS;
}

AVStream* sound_of(AVFormatContext* format, int track) {
    int count = 0;
    const int index = track > 0 ? find_track(format, AVMEDIA_TYPE_AUDIO, track, count)
                                : find_stream(format, AVMEDIA_TYPE_AUDIO);
    return index < 0 ? nullptr : format->streams[index];
}

}  // namespace

SoundCopy::SoundCopy(const std::filesystem::path& path, int track) : input_(path), packet_(make_packet()) {
    AVFormatContext* format = input_.format();
    if (!format) return;
    stream_ = sound_of(format, track);
    const int image = find_stream(format, AVMEDIA_TYPE_VIDEO);
    if (image >= 0 && format->streams[image]->start_time != AV_NOPTS_VALUE)
        image_start_s_ = format->streams[image]->start_time * av_q2d(format->streams[image]->time_base);
    if (stream_) shift_ = std::llround(image_start_s_ / av_q2d(stream_->time_base));
}

std::unique_ptr<SoundCopy> SoundCopy::open(const std::filesystem::path& path, int track,
                                           const Container& container) {
    std::unique_ptr<SoundCopy> copy(new SoundCopy(path, track));
    if (!copy->stream_ || !holds(container, copy->stream_->codecpar->codec_id) || !copy->is_whole())
        return nullptr;
    // From the beginning again, and by the same way as a reader would.
    copy.reset(new SoundCopy(path, track));
    return copy;
}

bool SoundCopy::next() {
    while (av_read_frame(input_.format(), packet_.get()) >= 0) {
        if (packet_->stream_index == stream_->index) return true;
        av_packet_unref(packet_.get());
    }
    return false;
}

/// Packet after packet without a gap, none of them said to be damaged.
bool SoundCopy::is_whole() {
    std::int64_t expected = AV_NOPTS_VALUE, count = 0;
    for (; next(); ++count) {
        const std::int64_t begin = packet_->pts, tolerance = packet_->duration / 8 + 1;
        const bool sound =
            begin != AV_NOPTS_VALUE && packet_->duration > 0 && !(packet_->flags & AV_PKT_FLAG_CORRUPT);
        const bool joins = expected == AV_NOPTS_VALUE || std::llabs(begin - expected) <= tolerance;
        expected = begin + packet_->duration;
        av_packet_unref(packet_.get());
        if (!sound || !joins) return false;
    }
    return count > 0;
}

void SoundCopy::read_until(double seconds, const std::function<void(AVPacket*)>& write) {
    while (held_ || next()) {
        held_ = true;
        if (static_cast<double>(packet_->pts - shift_) * av_q2d(stream_->time_base) >= seconds) return;
        packet_->pts -= shift_;
        packet_->dts = packet_->pts;
        held_ = false;
        write(packet_.get());
        av_packet_unref(packet_.get());
    }
}

}  // namespace vultus::media
