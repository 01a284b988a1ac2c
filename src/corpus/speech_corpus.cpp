#include "corpus/speech_corpus.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/output_file.h"

namespace vultus::corpus {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kNumPhones = 40;  ///< as audio/phones.h has it
constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 30;
constexpr float kScale = 32768.0f;

/// Why the phones do not cover [0, num_samples); empty when they do.
std::string cover_fault(const SpeechClip& clip) {
    std::int64_t at = 0;
    for (const PhoneSpan& span : clip.phones) {
        if (span.begin_sample != at || span.end_sample <= span.begin_sample)
            return fmt::format("expected a phone from sample {}, got {}..{}", at, span.begin_sample,
                               span.end_sample);
        if (span.phone < -1 || span.phone >= kNumPhones)
            return fmt::format("expected phones -1 to {}, got {}", kNumPhones - 1, span.phone);
        at = span.end_sample;
    }
    if (at != clip.num_samples)
        return fmt::format("expected phones up to sample {}, got {}", clip.num_samples, at);
    return {};
}

Json clip_to_json(const SpeechClip& clip) {
    Json json{{"name", clip.name},
              {"voice", clip.voice},
              {"language", clip.language},
              {"text", clip.text},
              {"validation", clip.validation},
              {"offset_samples", clip.offset_samples},
              {"samples", clip.num_samples}};
    json["phones"] = Json::array();
    for (const PhoneSpan& span : clip.phones)
        json["phones"].push_back(Json::array({span.begin_sample, span.end_sample, span.phone}));
    return json;
}

SpeechClip clip_from_json(const Json& json) {
    SpeechClip clip;
    clip.name = json.at("name").get<std::string>();
    clip.voice = json.at("voice").get<std::string>();
    clip.language = json.at("language").get<std::string>();
    clip.text = json.at("text").get<std::string>();
    clip.validation = json.at("validation").get<bool>();
    clip.offset_samples = json.at("offset_samples").get<std::int64_t>();
    clip.num_samples = json.at("samples").get<std::int64_t>();
    for (const Json& span : json.at("phones"))
        clip.phones.push_back(
            {span.at(0).get<std::int64_t>(), span.at(1).get<std::int64_t>(), span.at(2).get<int>()});
    return clip;
}

void check_clip(const SpeechClip& clip, std::int64_t sound_samples, const std::string& file) {
    if (clip.num_samples <= 0 || clip.offset_samples < 0 || clip.num_samples > sound_samples ||
        clip.offset_samples > sound_samples - clip.num_samples)
        fail(ErrorCode::kCorruptData,
             "[corpus] {}: clip {}: expected a place within {} samples, got {} at {}", file, clip.name,
             sound_samples, clip.num_samples, clip.offset_samples);
    const std::string fault = cover_fault(clip);
    if (!fault.empty()) fail(ErrorCode::kCorruptData, "[corpus] {}: clip {}: {}", file, clip.name, fault);
}

std::vector<SpeechClip> parse(const Json& json, std::int64_t sound_samples, const std::string& file) {
    const int version = json.at("version").get<int>();
    if (version < 1 || version > kSpeechCorpusVersion)
        fail(ErrorCode::kUnsupported, "[corpus] {}: expected version {} or older, got {}", file,
             kSpeechCorpusVersion, version);
    const int rate = json.at("sample_rate_hz").get<int>();
    if (rate != kSpeechRateHz)
        fail(ErrorCode::kCorruptData, "[corpus] {}: expected {} Hz, got {}", file, kSpeechRateHz, rate);
    std::vector<SpeechClip> clips;
    std::set<std::string> names;
    for (const Json& entry : json.at("clips")) {
        clips.push_back(clip_from_json(entry));
        check_clip(clips.back(), sound_samples, file);
        if (!names.insert(clips.back().name).second)
            fail(ErrorCode::kCorruptData, "[corpus] {}: clip {} is listed twice", file, clips.back().name);
    }
    return clips;
}

/// The folder as it is to be called, when it is not in use.
std::filesystem::path checked_new(const std::filesystem::path& folder) {
    if (std::filesystem::exists(folder) && !std::filesystem::is_empty(folder))
        fail(ErrorCode::kInvalidArgument, "[corpus] {}: expected a new folder, got one that holds files",
             folder.string());
    return folder.has_filename() ? folder : folder.parent_path();
}

}  // namespace

SpeechCorpus SpeechCorpus::open(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / "speech.json";
    SpeechCorpus corpus;
    corpus.sound_path_ = folder / "sound.s16";
    if (!std::filesystem::exists(path))
        fail(ErrorCode::kIo,
             "[corpus] {}: expected a folder made by 'vultus speech make-corpus', found no speech.json",
             folder.string());
    const int descriptor = ::open(corpus.sound_path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        fail(ErrorCode::kIo, "[corpus] {}: {}", corpus.sound_path_.string(), std::strerror(errno));
    corpus.sound_ = std::shared_ptr<int>(new int(descriptor), [](int* held) {
        ::close(*held);
        delete held;
    });
    const auto sound_bytes = static_cast<std::int64_t>(std::filesystem::file_size(corpus.sound_path_));
    try {
        corpus.clips_ = parse(Json::parse(read_file(path, kMaxJsonBytes)), sound_bytes / 2, path.string());
    } catch (const Json::exception& error) {
        fail(ErrorCode::kCorruptData, "[corpus] {}: damaged: {}", path.string(), error.what());
    }
    return corpus;
}

std::vector<float> SpeechCorpus::audio(std::size_t clip) const {
    if (clip >= clips_.size())
        fail(ErrorCode::kInvalidArgument, "[corpus] clip: expected 0 to {}, got {}", clips_.size() - 1, clip);
    const SpeechClip& entry = clips_[clip];
    std::vector<std::int16_t> samples(static_cast<std::size_t>(entry.num_samples));
    auto* to = reinterpret_cast<char*>(samples.data());
    std::size_t wanted = samples.size() * 2;
    auto at = static_cast<off_t>(entry.offset_samples * 2);
    while (wanted > 0) {
        const ssize_t count = ::pread(*sound_, to, wanted, at);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0)
            fail(ErrorCode::kIo, "[corpus] {}: clip {}: {}", sound_path_.string(), entry.name,
                 count < 0 ? std::strerror(errno) : "the file has become shorter");
        to += count;
        at += count;
        wanted -= static_cast<std::size_t>(count);
    }
    std::vector<float> audio(samples.size());
    std::transform(samples.begin(), samples.end(), audio.begin(),
                   [](std::int16_t sample) { return static_cast<float>(sample) / kScale; });
    return audio;
}

SpeechCorpusWriter::SpeechCorpusWriter(const std::filesystem::path& folder)
    : folder_(checked_new(folder), OutputFile::Kind::kFolder) {
    sound_.open(folder_.temporary() / "sound.s16", std::ios::binary);
}

void SpeechCorpusWriter::add(SpeechClip clip, const std::vector<float>& audio) {
    clip.offset_samples = num_samples_;
    clip.num_samples = static_cast<std::int64_t>(audio.size());
    const std::string fault = cover_fault(clip);
    require(fault.empty() && !audio.empty(), "[corpus] clip {}: {}", clip.name,
            fault.empty() ? "expected sound, got none" : fault);
    std::vector<std::int16_t> samples(audio.size());
    std::transform(audio.begin(), audio.end(), samples.begin(), [](float value) {
        return static_cast<std::int16_t>(std::lrint(std::clamp(value * kScale, -32768.0f, 32767.0f)));
    });
    sound_.write(reinterpret_cast<const char*>(samples.data()),
                 static_cast<std::streamsize>(samples.size() * 2));
    if (!sound_)
        fail(ErrorCode::kIo, "[corpus] {}: cannot write", (folder_.temporary() / "sound.s16").string());
    num_samples_ += clip.num_samples;
    clips_.push_back(std::move(clip));
}

void SpeechCorpusWriter::finish() {
    sound_.close();
    if (!sound_)
        fail(ErrorCode::kIo, "[corpus] {}: cannot write", (folder_.temporary() / "sound.s16").string());
    Json json{{"version", kSpeechCorpusVersion}, {"sample_rate_hz", kSpeechRateHz}};
    json["clips"] = Json::array();
    for (const SpeechClip& clip : clips_) json["clips"].push_back(clip_to_json(clip));
    write_file(folder_.temporary() / "speech.json",
               json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    folder_.commit();
}

}  // namespace vultus::corpus
