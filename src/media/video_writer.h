// H.264 and AAC in MP4, MOV, Matroska, MPEG-TS and FLV; VP9 and Opus in WebM; animated WebP and GIF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vultus::media {

/// The file names' endings that VideoWriter knows, in lower case: ".mp4", ".mov", ".mkv", ".webm", ".webp",
/// ".ts", ".gif".
const std::vector<std::string>& video_extensions();
/// Whether a file is called so, in any case.
bool is_video_name(const std::filesystem::path& path);
/// Whether one can see through a video called so: ".webm" (VP9), ".webp", ".mov" (ProRes 4444).
bool has_alpha(const std::filesystem::path& path);

/// What VideoWriterOptions::address may begin with: rtmp://, rtmps:// (FLV); srt://, udp://, tcp://
/// (MPEG-TS); v4l2: and the path of a video output device (raw pictures, no sound).
bool is_stream_address(const std::string& address);
/// For messages: without what may be a secret (user, stream key, query).
std::string shown_address(const std::string& address);

struct VideoWriterOptions {
    int width = 256, height = 256;  ///< px; even
    int fps_num = 25, fps_den = 1;
    int crf = 18;  ///< x264's constant rate factor; other encoders get a comparable bit rate
    std::string preset = "medium";
    bool with_audio = false;                   ///< where the format has sound: not in WebP and GIF
    int sample_rate_hz = 16000, channels = 1;  ///< of the samples given; kept where AAC has them, see below
    /// A file whose sound is copied as it is, where the format holds it (AAC, Opus) and it has no gaps; what
    /// is given to write_audio() is then not used. Empty: none.
    std::filesystem::path copied_sound;
    int copied_track = 0;  ///< as AudioOptions::track
    std::string comment;   ///< in the file's metadata; empty: none
    /// Takes the file piece by piece instead of a path, each frame as soon as it is encoded: fragmented MP4
    /// (H.264, AAC) for Media Source, or MPEG-TS. What it throws ends the writing.
    std::function<void(const std::uint8_t*, std::size_t)> sink;
    /// Where the video goes, instead of a path: is_stream_address(). A query reaches FFmpeg's protocol.
    std::string address;
    double patience_s = 10;  ///< how long an address may take to answer, or to take a frame
    bool alpha = false;      ///< pictures are [height, width, 4], alpha last, not multiplied in: has_alpha()
    bool live = false;       ///< nothing is held back to look ahead; a key frame every two seconds
    std::string encoder;     ///< an FFmpeg encoder by name; empty: the best there is
    int threads = 1;         ///< part of what makes the bits: another number may give another file
};

/// Sound from 32 kHz on keeps its rate; lower ones are brought to 48 kHz, where AAC's packets are short.
/// Writes yuv420p (BT.709, limited range), index in front, sound and image interleaved. The same input
/// gives the same bytes. Memory is constant when sound and image are written in step. Writes to exactly
/// `path`, whose ending chooses the format (MP4 for unknown ones): callers go through OutputFile.
class VideoWriter {
  public:
    /// Errors: kInvalidArgument (odd size, no rate, unknown address), kIo (nobody answers), kUnsupported (no
    /// H.264 or MPEG-4 encoder; FFmpeg without the address's protocol), kCancelled (while it connects).
    VideoWriter(const std::filesystem::path& path, const VideoWriterOptions& options);
    ~VideoWriter();
    VideoWriter(const VideoWriter&) = delete;
    VideoWriter& operator=(const VideoWriter&) = delete;

    /// picture [height, width, 3]; with alpha [height, width, 4]. Errors: kIo (full disk, broken connection),
    /// kCancelled (after Ctrl-C, where an address takes no more for a second).
    void write_frame(const std::uint8_t* picture);
    /// A frame's time passes without a picture; the one after it should be a key frame.
    void skip_frame();
    /// `n` samples of each channel, [n, channels], -1..1; they follow each other without gaps from time 0.
    void write_audio(const float* samples, std::size_t n);
    /// Cuts or pads the sound to the images' length, flushes and closes. Without it the file is unusable.
    /// Errors: kInvalidArgument when no frame was written; kIo.
    void finish();

    /// "libx264", "libopenh264" or "mpeg4": what this machine's FFmpeg offers, in this order; "libvpx-vp9",
    /// "libwebp_anim".
    const std::string& encoder_name() const;
    /// The next frame can be decoded without those before it.
    void force_key_frame();
    /// What Media Source wants to know: `video/mp4; codecs="avc1.42C01F,mp4a.40.2"`. For H.264 only.
    std::string mime_type() const;
    /// Whether copied_sound is what is heard.
    bool copies_sound() const;
    /// Time that RGB to yuv420p took so far.
    double colour_conversion_s() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vultus::media
