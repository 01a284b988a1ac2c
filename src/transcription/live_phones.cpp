#include "transcription/live_phones.h"

#include <algorithm>
#include <cmath>

namespace vultus::transcription {
namespace {

constexpr int kHeardHz = 16000;
constexpr double kFrameS = 0.02;

}  // namespace

LivePhones::LivePhones(const hearing::PhoneRecognizer& recognizer, int sample_rate_hz)
    : sample_rate_hz_(sample_rate_hz),
      encoder_(recognizer.live()),
      resampler_(std::make_unique<audio::Resampler>(sample_rate_hz, kHeardHz)) {}

void LivePhones::push(std::span<const float> audio) {
    if (finished_) {
        encoder_->restart();
        decoder_.restart();
        resampler_ = std::make_unique<audio::Resampler>(sample_rate_hz_, kHeardHz);
        next_index_ = num_samples_ = 0;
        finished_ = false;
    }
    sound_.clear();
    resampler_->push(audio.data(), static_cast<std::int64_t>(audio.size()), sound_);
    num_samples_ += static_cast<std::int64_t>(sound_.size());
    rows_.clear();
    encoder_->push(sound_.data(), static_cast<std::int64_t>(sound_.size()), rows_);
    take(rows_);
}

void LivePhones::finish() {
    if (finished_) return;
    sound_.clear();
    resampler_->finish(sound_);
    num_samples_ += static_cast<std::int64_t>(sound_.size());
    rows_.clear();
    encoder_->push(sound_.data(), static_cast<std::int64_t>(sound_.size()), rows_);
    encoder_->finish(rows_);
    take(rows_);
    if (!frames_.empty()) frames_.back().end_s = static_cast<double>(num_samples_) / kHeardHz;
    finished_ = true;
}

void LivePhones::take(const std::vector<float>& rows) {
    for (std::size_t at = 0; at + audio::kNumPhones <= rows.size(); at += audio::kNumPhones) {
        std::vector<float> row(rows.begin() + static_cast<std::ptrdiff_t>(at),
                               rows.begin() + static_cast<std::ptrdiff_t>(at + audio::kNumPhones));
        hearing::log_softmax(row.data(), row.size());
        LiveFrame frame;
        frame.index = next_index_++;
        frame.start_s = std::max(kFrameS * (static_cast<double>(frame.index) - 0.5), 0.0);
        frame.end_s = kFrameS * (static_cast<double>(frame.index) + 0.5);
        for (int phone = 0; phone < audio::kNumPhones; ++phone)
            frame.viseme_weights[static_cast<std::size_t>(audio::viseme_of(phone))] +=
                std::exp(row[static_cast<std::size_t>(phone)]);
        frame.phone = decoder_.next(row);
        frames_.push_back(frame);
    }
}

bool LivePhones::pull(LiveFrame& frame) {
    if (frames_.empty()) return false;
    frame = frames_.front();
    frames_.pop_front();
    return true;
}

}  // namespace vultus::transcription
