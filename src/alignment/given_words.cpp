#include "alignment/given_words.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "alignment/frame_scores.h"
#include "alignment/word_graph.h"
#include "audio/phones.h"
#include "base/error.h"

namespace vultus::alignment {
namespace {

/// A phone, its word within the span (-1: a pause), and how long it is compared with the others.
struct Part {
    int phone = 0, word = -1;
    double weight = 1;
};

/// The first way to say all of it.
std::vector<Part> usual_parts(const std::vector<SpokenWord>& words) {
    std::vector<Part> parts;
    const auto add = [&](const pronunciation::Pronunciations::Phones& way, int word) {
        for (const int phone : way) parts.push_back({phone, word, audio::is_vowel(phone) ? 2.0 : 1.0});
    };
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].slots.empty() && !words[i].ways.empty()) add(words[i].ways[0], static_cast<int>(i));
        for (const SpokenWord::Slot& slot : words[i].slots)
            if (!slot.empty())
                for (const SpokenWord::Ways& ways : slot[0]) add(ways.at(0), static_cast<int>(i));
    }
    return parts;
}

class Placer {
  public:
    Placer(const std::vector<float>& log_posteriors, std::int64_t num_samples, double duration_s)
        : log_posteriors_(log_posteriors) {
        if (!log_posteriors.empty()) {
            frames_ = checked_frames(log_posteriors, num_samples);
            heard_ = decode_phones(log_posteriors, num_samples);
        }
        times_.duration_s = duration_s;
    }

    PhoneTimes place(const std::vector<GivenSpan>& spans) {
        double at_s = 0;
        for (const GivenSpan& span : spans) {
            if (!(span.start_s >= at_s && span.end_s > span.start_s && span.end_s <= times_.duration_s))
                fail(ErrorCode::kInvalidArgument,
                     "[alignment] given words: expected times in order up to {:.3f} s, got {:.3f} to {:.3f} "
                     "s after "
                     "{:.3f} s",
                     times_.duration_s, span.start_s, span.end_s, at_s);
            fill(at_s, span.start_s);
            place(span);
            at_s = span.end_s;
        }
        fill(at_s, times_.duration_s);
        return std::move(times_);
    }

  private:
    /// Between spans: what is heard.
    void fill(double from_s, double to_s) {
        if (to_s <= from_s) return;
        if (heard_.phones.empty()) return add(from_s, to_s, audio::kSilence);
        double at_s = from_s;
        for (const PhoneSegment& phone : heard_.phones) {
            const double end_s = std::min(phone.end_s, to_s);
            if (end_s > at_s) add(at_s, end_s, phone.phone);
            at_s = std::max(at_s, end_s);
        }
        if (at_s < to_s) add(at_s, to_s, audio::kSilence);
    }

    void add(double start_s, double end_s, int phone) { times_.phones.push_back({start_s, end_s, phone}); }

    void place(const GivenSpan& span) {
        std::vector<Part> parts = heard_parts(span);
        if (parts.empty()) parts = usual_parts(span.words);
        if (parts.empty()) return fill(span.start_s, span.end_s);
        double whole = 0, sum = 0;
        for (const Part& part : parts) whole += part.weight;
        int word = -1;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const double start_s = span.start_s + (span.end_s - span.start_s) * sum / whole;
            sum += parts[i].weight;
            const double end_s =
                i + 1 == parts.size() ? span.end_s : span.start_s + (span.end_s - span.start_s) * sum / whole;
            if (end_s <= start_s) continue;
            add(start_s, end_s, parts[i].phone);
            if (parts[i].word < 0) continue;
            if (parts[i].word != word)
                begin_word(span.words[static_cast<std::size_t>(parts[i].word)], start_s);
            word = parts[i].word;
            times_.words.back().end_s = end_s;
        }
    }

    void begin_word(const SpokenWord& word, double start_s) {
        times_.words.push_back({start_s, start_s, word.word});
        times_.words.back().shown = word.shown;
    }

    /// As the sound says within the span; empty where it is too short or there is no sound.
    std::vector<Part> heard_parts(const GivenSpan& span) const {
        const auto begin = static_cast<std::size_t>(std::lround(span.start_s * kPosteriorRateHz)),
                   end = std::min(static_cast<std::size_t>(std::lround(span.end_s * kPosteriorRateHz)),
                                  frames_);
        const WordGraph graph(span.words);
        if (end <= begin || end - begin < graph.shortest_frames() || graph.num_states() < 2) return {};
        const WordGraph::Path path = graph.best_path(
            end - begin,
            [&](std::size_t t, int phone) { return score_of(log_posteriors_, begin + t, phone); },
            {.nats = std::numeric_limits<double>::infinity()});
        std::vector<Part> parts;
        if (!path.whole) return parts;
        for (std::size_t t = 0; t < path.states.size(); ++t) {
            if (t > 0 && path.states[t] == path.states[t - 1])
                parts.back().weight += 1;
            else
                parts.push_back({graph.phone(path.states[t]), graph.word(path.states[t]), 1});
        }
        return parts;
    }

    const std::vector<float>& log_posteriors_;
    std::size_t frames_ = 0;
    PhoneTimes heard_, times_;
};

}  // namespace

PhoneTimes place_phones(const std::vector<GivenSpan>& spans, double duration_s,
                        const std::vector<float>& log_posteriors, std::int64_t num_samples) {
    return Placer(log_posteriors, num_samples, duration_s).place(spans);
}

}  // namespace vultus::alignment
