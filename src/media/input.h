// A media file or stream, opened: by its name, or read byte by byte where it comes through a pipe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/standard_stream.h"
#include "media/ffmpeg.h"
#include "media/wav_header.h"

namespace vultus::media {

/// Reads its stream headers; FFmpeg's own log is silenced. What comes through a pipe ("-", /dev/stdin,
/// <(...)) is probed, too; where its index may lie behind the data (MP4), it is read to its end first.
class Input {
  public:
    /// microphone: as AudioOptions::microphone. Errors: kIo; kCorruptData when FFmpeg does not know the
    /// format, kCancelled; kUnsupported where FFmpeg has no microphones.
    explicit Input(const std::filesystem::path& path, bool microphone = false);

    /// Null where live_wav() is there.
    AVFormatContext* format() const { return format_.get(); }
    /// Uncompressed WAV through a pipe: its samples are to be taken by read_partial() as they come. FFmpeg's
    /// own reader waits for 64 KiB before the first.
    const std::optional<WavHeader>& live_wav() const { return live_wav_; }
    /// At most `size` bytes of what is there, at least one; 0 at the end.
    std::size_t read_partial(char* bytes, std::size_t size);
    /// Throws what went wrong inside of FFmpeg's call-backs.
    void rethrow() const;
    /// Its first bytes (64 KiB at most) and how many there are in all; of a pipe, up to now.
    std::string head() const;
    std::uint64_t num_bytes() const;

  private:
    struct AvioFree {
        void operator()(AVIOContext* context) const {
            av_freep(&context->buffer);
            avio_context_free(&context);
        }
    };
    struct FileClose {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    static int read_callback(void* self, std::uint8_t* bytes, int size);
    static std::int64_t seek_callback(void* self, std::int64_t offset, int whence);
    int read(char* bytes, int size);
    int descriptor() const;
    void open_file();
    void open_stream();
    void open_microphone();
    /// False, with what is wrong in `problem`.
    bool open_device(const char* system, const std::string& device, std::string& problem);
    void make_io(bool can_seek);
    /// Copies `begin` and the rest of the stream to a file without a name and goes on there.
    void spool(const std::string& begin);
    /// Up to the first sample. False when these are no plain samples; `begin` is what was read.
    bool read_wav_head(std::string& begin);

    std::filesystem::path path_;
    std::string name_;
    std::unique_ptr<InputStream> stream_;  ///< null: FFmpeg opens the file itself
    std::unique_ptr<std::FILE, FileClose> spooled_;
    std::unique_ptr<AVIOContext, AvioFree> io_;
    FormatPtr format_;  ///< closed before io_
    std::string head_;
    std::uint64_t num_bytes_ = 0;
    std::exception_ptr error_;
    std::optional<WavHeader> live_wav_;
    std::string first_samples_;  ///< that were read with the header
};

}  // namespace vultus::media
