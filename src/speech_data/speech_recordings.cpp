#include "speech_data/speech_recordings.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "audio/phones.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "corpus/corpus.h"
#include "media/audio_reader.h"
#include "pronunciation/pronouncer.h"
#include "speech_data/sphinx_alignment.h"

namespace vultus::speech_data {
namespace {

constexpr std::size_t kBatch = 50;
constexpr std::size_t kMaxSamples = 16000 * 60;

/// Gathers recordings and aligns some at a time.
class Aligner {
  public:
    Aligner(const char* label, std::int64_t total, const TakeClip& take)
        : take_(take), progress_(label, "clips", total) {}

    void add(corpus::SpeechClip clip, std::vector<float> audio) {
        throw_if_cancelled();
        std::optional<AlignmentTask> task = alignment_task(std::move(audio), clip.text, pronouncer_);
        if (!task) {
            ++left_out_;
            return;
        }
        clips_.push_back(std::move(clip));
        tasks_.push_back(std::move(*task));
        if (clips_.size() >= kBatch) align();
    }

    void finish() {
        align();
        if (left_out_ > 0)
            fmt::print(stderr, "vultus: {} clips left out: their text did not fit\n", left_out_);
    }

  private:
    void align() {
        if (tasks_.empty()) return;
        std::vector<std::vector<corpus::PhoneSpan>> found = align_with_sphinx(tasks_);
        for (std::size_t i = 0; i < tasks_.size(); ++i) {
            progress_.update(++done_);
            if (found[i].empty()) {
                ++left_out_;
                continue;
            }
            clips_[i].phones = std::move(found[i]);
            take_(std::move(clips_[i]), std::move(tasks_[i].audio));
        }
        clips_.clear();
        tasks_.clear();
    }

    const TakeClip& take_;
    Progress progress_;
    pronunciation::Pronouncer pronouncer_;
    std::vector<corpus::SpeechClip> clips_;
    std::vector<AlignmentTask> tasks_;
    std::int64_t done_ = 0, left_out_ = 0;
};

/// "bbaf2n": bin blue at F two now; empty for other names.
std::string grid_sentence(const std::string& name) {
    static const std::map<char, const char*> kWords[] = {
        {{'b', "bin"}, {'l', "lay"}, {'p', "place"}, {'s', "set"}},
        {{'b', "blue"}, {'g', "green"}, {'r', "red"}, {'w', "white"}},
        {{'a', "at"}, {'b', "by"}, {'i', "in"}, {'w', "with"}},
        {},
        {{'z', "zero"},
         {'1', "one"},
         {'2', "two"},
         {'3', "three"},
         {'4', "four"},
         {'5', "five"},
         {'6', "six"},
         {'7', "seven"},
         {'8', "eight"},
         {'9', "nine"}},
        {{'a', "again"}, {'n', "now"}, {'p', "please"}, {'s', "soon"}}};
    if (name.size() != 6 || name[3] < 'a' || name[3] > 'z') return {};
    std::string sentence;
    for (std::size_t i = 0; i < 6; ++i) {
        const auto word = kWords[i].find(name[i]);
        if (i != 3 && word == kWords[i].end()) return {};
        if (i > 0) sentence += ' ';
        if (i != 3)
            sentence += word->second;
        else if (name[3] == 'z')
            sentence += "zed";  // the speakers are British
        else
            sentence += name[3];
    }
    return sentence;
}

corpus::SpeechClip clip_named(const std::string& name, const std::string& voice, const std::string& text,
                              bool validation) {
    corpus::SpeechClip clip;
    clip.name = voice + "-" + name;
    std::replace(clip.name.begin(), clip.name.end(), '/', '-');
    clip.voice = voice;
    clip.language = "en";
    clip.text = text;
    clip.validation = validation;
    return clip;
}

std::vector<corpus::PhoneSpan> hand_labels(const nlohmann::json& entry, std::int64_t num_samples) {
    std::istringstream names(entry.at("phn").get<std::string>());
    std::istringstream ends(entry.at("ground_truth_phn_ends").get<std::string>());
    std::vector<std::string> list;
    for (std::string phone; names >> phone;) list.push_back(phone);
    const std::vector<int> phones = audio::phones_from_timit({list.begin(), list.end()});
    std::vector<corpus::PhoneSpan> spans;
    std::int64_t at = 0, end = 0;
    for (std::size_t i = 0; i < phones.size() && ends >> end; ++i) {
        end = std::min(end, num_samples);
        if (end <= at) continue;
        spans.push_back({at, end, phones[i]});
        at = end;
    }
    if (at < num_samples) spans.push_back({at, num_samples, audio::kUnknownPhone});
    return spans;
}

void take_prepared(const std::filesystem::path& folder, const TakeClip& take) {
    const corpus::Corpus prepared = corpus::load_corpus(folder);
    const auto clips = prepared.kept();
    Aligner aligner("grid", static_cast<std::int64_t>(clips.size()), take);
    for (const corpus::Clip* clip : clips) {
        const std::string text = grid_sentence(clip->name);
        if (text.empty()) continue;
        aligner.add(
            clip_named(clip->name, "grid/" + clip->session, text, clip->split == corpus::Split::kValidation),
            corpus::load_tracks(prepared, *clip).sound());
    }
    aligner.finish();
}

}  // namespace

void take_grid(const std::filesystem::path& folder, const TakeClip& take) {
    if (std::filesystem::exists(folder / "corpus.json")) return take_prepared(folder, take);
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(folder))
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            if (!grid_sentence(entry.path().stem().string()).empty()) files.push_back(entry.path());
    if (files.empty())
        fail(ErrorCode::kInvalidArgument,
             "[speech_data] {}: expected a prepared corpus or recordings named like bbaf2n.mpg",
             folder.string());
    std::sort(files.begin(), files.end());
    Aligner aligner("grid", static_cast<std::int64_t>(files.size()), take);
    for (std::size_t i = 0; i < files.size(); ++i) {
        const std::string name = files[i].stem().string();
        const bool validation = corpus::default_split(i) == corpus::Split::kValidation;
        aligner.add(clip_named(name, "grid", grid_sentence(name), validation),
                    media::read_audio(files[i], kMaxSamples));
    }
    aligner.finish();
}

void take_transcribed(const std::filesystem::path& folder, const TakeClip& take) {
    std::istringstream in(read_file(folder / "metadata.csv"));
    std::map<std::string, std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "wavs"))
        files[entry.path().stem().string()] = entry.path();
    Aligner aligner("transcribed", static_cast<std::int64_t>(files.size()), take);
    for (std::string line; std::getline(in, line);) {
        const std::size_t first = line.find('|'), last = line.rfind('|');
        if (first == std::string::npos) continue;
        const auto file = files.find(line.substr(0, first));
        if (file == files.end()) continue;
        aligner.add(clip_named(file->first, folder.filename().string(), line.substr(last + 1), true),
                    media::read_audio(file->second, kMaxSamples));
    }
    aligner.finish();
}

void take_hand_labelled(const std::filesystem::path& json, const TakeClip& take) {
    const auto entries = nlohmann::json::parse(read_file(json), nullptr, false);
    if (!entries.is_object())
        fail(ErrorCode::kCorruptData, "[speech_data] {}: expected a JSON object of clips", json.string());
    Aligner aligner("labelled", static_cast<std::int64_t>(entries.size()), take);
    for (const auto& [name, entry] : entries.items()) {
        throw_if_cancelled();
        if (!entry.contains("phn") || !entry.contains("ground_truth_phn_ends")) continue;
        const std::string speaker = entry.value("spk_id", std::string("unknown"));
        const std::string text = entry.value("wrd", std::string());
        const std::vector<float> audio = media::read_audio(json.parent_path() / (name + ".wav"), kMaxSamples);
        corpus::SpeechClip clip = clip_named(name, "hand/" + speaker, text, true);
        clip.phones = hand_labels(entry, static_cast<std::int64_t>(audio.size()));
        take(std::move(clip), audio);
        // The same sound with the aligner's labels: how far do the two agree?
        if (!text.empty()) aligner.add(clip_named(name, "aligned/" + speaker, text, true), audio);
    }
    aligner.finish();
}

}  // namespace vultus::speech_data
