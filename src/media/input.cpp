#include "media/input.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

#include "base/error.h"

namespace vultus::media {
namespace {

constexpr std::size_t kHeadBytes = 65536;
constexpr int kIoBytes = 4096;
// Of a stream: sound that comes live takes seconds for this many bytes.
constexpr unsigned kMostProbeBytes = 1 << 18;

[[noreturn]] void fail_unknown(const std::string& name, int code) {
    fail(ErrorCode::kCorruptData, "[media] {}: not a media file, or cut short ({})", name, av_error(code));
}

}  // namespace

Input::Input(const std::filesystem::path& path, bool microphone) : path_(path), name_(input_name(path)) {
    av_log_set_level(AV_LOG_QUIET);
    if (microphone) {
        open_microphone();
        return;
    }
    is_input_stream(path) ? open_stream() : open_file();
    if (live_wav_) return;
    const int probed = avformat_find_stream_info(format(), nullptr);
    rethrow();
    if (probed < 0) fail(ErrorCode::kCorruptData, "[media] {}: damaged ({})", name_, av_error(probed));
}

void Input::open_file() {
    std::error_code ignored;
    if (!std::filesystem::exists(path_, ignored))
        fail(ErrorCode::kIo, "[media] {}: {}", name_, describe_absent(path_));
    if (std::filesystem::is_directory(path_, ignored))
        fail(ErrorCode::kIo, "[media] {}: expected a media file, got a folder", name_);
    if (std::filesystem::file_size(path_, ignored) == 0)
        fail(ErrorCode::kCorruptData, "[media] {}: expected a media file, it is empty (0 bytes)", name_);
    // "file:" keeps names like "concat:x" from being taken for one of FFmpeg's protocols.
    AVFormatContext* raw = nullptr;
    const int opened = avformat_open_input(&raw, ("file:" + path_.string()).c_str(), nullptr, nullptr);
    format_.reset(raw);
    if (opened == AVERROR(EACCES) || opened == AVERROR(EIO))
        fail(ErrorCode::kIo, "[media] {}: {}", name_, av_error(opened));
    if (opened < 0) fail_unknown(name_, opened);
}

void Input::open_microphone() {
    register_devices();
    const std::string name = path_.string();
    std::string problem;
    for (const char* system : {"pulse", "alsa"}) {
        const std::string prefix = std::string(system) + ":";
        const bool ours = name.rfind(prefix, 0) == 0;
        if (!ours && name != "default") continue;
        if (open_device(system, ours ? name.substr(prefix.size()) : name, problem)) return;
    }
    if (problem.empty())
        fail(ErrorCode::kInvalidArgument,
             "[media] microphone: expected default, pulse:NAME or alsa:NAME, got '{}'", name);
    fail(ErrorCode::kIo, "[media] microphone {}: not there ({})", name, problem);
}

bool Input::open_device(const char* system, const std::string& device, std::string& problem) {
    const AVInputFormat* kind = av_find_input_format(system);
    int opened = AVERROR_DEMUXER_NOT_FOUND;
    for (const char* channels : {"1", "2"}) {  // what ALSA's hardware devices do not convert
        if (!kind) break;
        AVFormatContext* raw = avformat_alloc_context();
        if (!raw) throw std::bad_alloc();
        raw->flags |= AVFMT_FLAG_NONBLOCK;  // so that the user can stop a silent one
        AVDictionary* settings = nullptr;
        av_dict_set(&settings, "sample_rate", "48000", 0);
        av_dict_set(&settings, "channels", channels, 0);
        av_dict_set(&settings, "fragment_size", "1920", 0);  // bytes, 20 ms
        opened = avformat_open_input(&raw, device.c_str(), kind, &settings);
        av_dict_free(&settings);
        if (opened < 0) continue;
        format_.reset(raw);
        return true;
    }
    problem += fmt::format("{}{}: {}", problem.empty() ? "" : "; ", system, av_error(opened));
    return false;
}

void Input::open_stream() {
    stream_ = std::make_unique<InputStream>(path_);
    make_io(stream_->can_seek());
    const AVInputFormat* kind = nullptr;
    const int score = av_probe_input_buffer2(io_.get(), &kind, "", nullptr, 0, kMostProbeBytes);
    rethrow();
    if (num_bytes_ == 0)
        fail(ErrorCode::kCorruptData, "[media] {}: expected a media file, it is empty (0 bytes)", name_);
    // Anything looks a little like some format: samples without a header do.
    if (score < AVPROBE_SCORE_RETRY)
        fail(ErrorCode::kCorruptData,
             "[media] {}: not a media file, or cut short; samples without a header need their format, for "
             "example --raw s16le:16000:1",
             name_);
    const std::string_view name = kind->name;
    std::string begin;
    if (!stream_->can_seek() && name == "wav" && read_wav_head(begin)) return;
    if (!begin.empty() || (!stream_->can_seek() && name.find("mp4") != std::string_view::npos)) spool(begin);
    AVFormatContext* raw = avformat_alloc_context();
    if (!raw) throw std::bad_alloc();
    raw->pb = io_.get();
    const int opened = avformat_open_input(&raw, "", kind, nullptr);
    format_.reset(raw);  // null after an error
    rethrow();
    if (opened < 0) fail_unknown(name_, opened);
}

bool Input::read_wav_head(std::string& begin) {
    std::array<char, kIoBytes> block;
    std::optional<WavHeader> header;
    while (!(header = read_wav_header(begin)) && begin.size() < kHeadBytes) {
        const std::size_t got = read_partial(block.data(), block.size());
        if (got == 0) break;
        begin.append(block.data(), got);
    }
    if (!header || !sample_format(*header)) return false;
    first_samples_ = begin.substr(header->data_offset);
    live_wav_ = header;
    return true;
}

void Input::make_io(bool can_seek) {
    auto* buffer = static_cast<std::uint8_t*>(av_malloc(kIoBytes));
    if (!buffer) throw std::bad_alloc();
    io_.reset(avio_alloc_context(buffer, kIoBytes, 0, this, &read_callback, nullptr,
                                 can_seek ? &seek_callback : nullptr));
    if (!io_) {
        av_free(buffer);
        throw std::bad_alloc();
    }
}

void Input::spool(const std::string& begin) {
    std::unique_ptr<std::FILE, FileClose> file(std::tmpfile());
    if (!file) fail(ErrorCode::kIo, "[media] {}: cannot make a temporary file for it", name_);
    std::fwrite(begin.data(), 1, begin.size(), file.get());
    std::array<unsigned char, 65536> block;
    for (int got; (got = avio_read(io_.get(), block.data(), block.size())) > 0;)
        if (std::fwrite(block.data(), 1, static_cast<std::size_t>(got), file.get()) !=
            static_cast<std::size_t>(got))
            fail(ErrorCode::kIo, "[media] {}: the folder for temporary files is full", name_);
    rethrow();
    if (std::fflush(file.get()) != 0 || ::lseek(::fileno(file.get()), 0, SEEK_SET) != 0)
        fail(ErrorCode::kIo, "[media] {}: the folder for temporary files is full", name_);
    spooled_ = std::move(file);
    make_io(true);
}

int Input::read(char* bytes, int size) {
    const auto wanted = static_cast<std::size_t>(size);
    if (spooled_) return static_cast<int>(::read(descriptor(), bytes, wanted));
    const std::size_t got = stream_->read(bytes, wanted);
    if (head_.size() == num_bytes_ && head_.size() < kHeadBytes)
        head_.append(bytes, std::min(got, kHeadBytes - head_.size()));
    num_bytes_ += got;
    return static_cast<int>(got);
}

// No exception may pass through FFmpeg.
int Input::read_callback(void* self, std::uint8_t* bytes, int size) {
    auto& input = *static_cast<Input*>(self);
    if (input.error_) return AVERROR_EXIT;
    try {
        const int got = input.read(reinterpret_cast<char*>(bytes), size);
        return got > 0 ? got : AVERROR_EOF;
    } catch (...) {
        input.error_ = std::current_exception();
        return AVERROR_EXIT;
    }
}

std::int64_t Input::seek_callback(void* self, std::int64_t offset, int whence) {
    const int descriptor = static_cast<Input*>(self)->descriptor();
    struct stat status {};
    if (whence & AVSEEK_SIZE) return ::fstat(descriptor, &status) == 0 ? status.st_size : AVERROR(EIO);
    return ::lseek(descriptor, offset, whence & ~AVSEEK_FORCE);
}

int Input::descriptor() const { return spooled_ ? ::fileno(spooled_.get()) : stream_->descriptor(); }

std::size_t Input::read_partial(char* bytes, std::size_t size) {
    if (!first_samples_.empty()) {
        const std::size_t ready = std::min(size, first_samples_.size());
        first_samples_.copy(bytes, ready);
        first_samples_.erase(0, ready);
        return ready;
    }
    const int got =
        avio_read_partial(io_.get(), reinterpret_cast<unsigned char*>(bytes), static_cast<int>(size));
    rethrow();
    return static_cast<std::size_t>(std::max(got, 0));
}

void Input::rethrow() const {
    if (error_) std::rethrow_exception(error_);
}

std::string Input::head() const {
    if (stream_ && !stream_->can_seek()) return head_;
    std::string bytes(kHeadBytes, '\0');
    if (stream_) {
        const ssize_t got = ::pread(descriptor(), bytes.data(), bytes.size(), 0);
        bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        return bytes;
    }
    std::ifstream file(path_, std::ios::binary);
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    return bytes;
}

std::uint64_t Input::num_bytes() const {
    struct stat status {};
    if (stream_ && !stream_->can_seek()) return num_bytes_;
    const int failed = stream_ ? ::fstat(descriptor(), &status) : ::stat(path_.c_str(), &status);
    return failed ? 0 : static_cast<std::uint64_t>(status.st_size);
}

}  // namespace vultus::media
