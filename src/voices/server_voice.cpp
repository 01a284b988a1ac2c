// Servers that speak OpenAI's POST /v1/audio/speech.
#include "base/error.h"
#include "voices/voice_kinds.h"

#ifdef VULTUS_WITH_CURL

#include <curl/curl.h>

#include <cctype>
#include <cstring>
#include <exception>
#include <nlohmann/json.hpp>

#include "audio/resampler.h"
#include "base/cancel.h"

namespace vultus::voices {
namespace {

constexpr int kUsualPcmHz = 24000;
constexpr std::size_t kMostErrorBytes = 65536, kMostSoundBytes = 256u << 20;

struct CurlFree {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// What a server answers, turned into sound while it comes. Raw samples are handed on at once; what begins
/// like a file is collected.
class Answer {
  public:
    Answer(const TakeSound& take, std::string who) : take_(take), who_(std::move(who)) {}

    void header(std::string_view line) {
        std::string lower(line);
        for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        if (lower.rfind("content-type:", 0) != 0) return;
        json_ = lower.find("json") != std::string::npos;
        const std::size_t rate = lower.find("rate=");
        if (rate != std::string::npos) rate_hz_ = std::atoi(lower.c_str() + rate + 5);
    }
    void body(long status, const char* bytes, std::size_t size) {
        if (status / 100 != 2 || json_) {
            if (held_.size() < kMostErrorBytes) held_.append(bytes, size);
            return;
        }
        held_.append(bytes, size);
        if (held_.size() > kMostSoundBytes)
            fail(ErrorCode::kIo, "[voices] {}: the answer does not end", who_);
        if (!known_ && held_.size() >= 4) {
            known_ = true;
            file_ = is_file();
        }
        if (known_ && !file_) samples(false);
    }
    void finish(long status) {
        if (status / 100 != 2 || json_)
            fail(ErrorCode::kIo, "[voices] {}: answers {}: {}", who_, status, reason());
        if (file_) {
            take_(decode_sound(held_, who_));
            return;
        }
        samples(true);
    }

  private:
    bool is_file() const {
        for (const char* magic : {"RIFF", "OggS", "fLaC", "ID3"})
            if (held_.rfind(magic, 0) == 0) return true;
        const auto byte = [&](int i) {
            return static_cast<unsigned char>(held_[static_cast<std::size_t>(i)]);
        };
        return byte(0) == 0xFF && (byte(1) & 0xE0) == 0xE0 && byte(1) != 0xFF && (byte(2) & 0xF0) != 0xF0;
    }
    /// 16-bit samples; an odd byte waits for the next part.
    void samples(bool last) {
        if (rate_hz_ < 8000 || rate_hz_ > 192000)
            fail(ErrorCode::kIo, "[voices] {}: expected a rate of 8000 to 192000 Hz, got {}", who_, rate_hz_);
        if (!resampler_) resampler_ = std::make_unique<audio::Resampler>(rate_hz_, kVoiceRateHz);
        std::vector<float> sound(held_.size() / 2), out;
        for (std::size_t i = 0; i < sound.size(); ++i) {
            std::int16_t sample;
            std::memcpy(&sample, held_.data() + 2 * i, 2);
            sound[i] = static_cast<float>(sample) / 32768.0f;
        }
        held_.erase(0, 2 * sound.size());
        resampler_->push(sound.data(), static_cast<std::int64_t>(sound.size()), out);
        if (last) resampler_->finish(out);
        if (!out.empty()) take_(out);
    }
    /// Whatever of an error's usual shapes it has.
    std::string reason() const {
        const auto json = nlohmann::json::parse(held_, nullptr, /*allow_exceptions=*/false);
        if (json.is_object())
            for (const char* key : {"error", "detail", "message"}) {
                if (!json.contains(key)) continue;
                const auto& value = json.at(key);
                if (value.is_string()) return value.get<std::string>();
                if (value.is_object() && value.contains("message") && value.at("message").is_string())
                    return value.at("message").get<std::string>();
            }
        return held_.substr(0, 200);
    }

    const TakeSound& take_;
    std::string who_, held_;
    bool known_ = false, file_ = false, json_ = false;
    int rate_hz_ = kUsualPcmHz;
    std::unique_ptr<audio::Resampler> resampler_;
};

struct Transfer {
    CURL* curl;
    Answer answer;
    std::exception_ptr thrown;  ///< nothing may be thrown through C

    template <typename F>
    bool guarded(F body) {
        try {
            body();
            return true;
        } catch (...) {
            thrown = std::current_exception();
            return false;
        }
    }
};

std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    return transfer.guarded([&] { transfer.answer.header({bytes, size}); }) ? size : 0;
}

std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    long status = 0;
    curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
    return transfer.guarded([&] { transfer.answer.body(status, bytes, size); }) ? size : 0;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(user)->guarded([] { throw_if_cancelled(); }) ? 0 : 1;
}

class ServerVoice : public Voice {
  public:
    ServerVoice(std::string url, std::string voice, std::string model, const VoiceOptions& options)
        : url_(std::move(url)), voice_(std::move(voice)), model_(std::move(model)), options_(options) {}

    Spans speak(const Passage& passage, const TakeSound& take) override {
        const std::unique_ptr<CURL, CurlFree> curl(curl_easy_init());
        if (!curl) throw std::bad_alloc();
        const std::string body = nlohmann::json{
            {"model", model_},
            {"input", passage.text},
            {"voice", voice_},
            {"response_format",
             "pcm"}}.dump();
        curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/json");
        if (!options_.api_key.empty())
            list = curl_slist_append(list, ("Authorization: Bearer " + options_.api_key).c_str());
        const std::unique_ptr<curl_slist, CurlFree> headers(list);
        Transfer transfer{curl.get(), Answer(take, url_), nullptr};
        curl_easy_setopt(curl.get(), CURLOPT_URL, url_.c_str());
        curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
        curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(1000 * options_.limit_s));
        curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, &on_progress);
        curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &transfer);
        curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, &on_header);
        curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &transfer);
        curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &on_body);
        curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &transfer);
        const CURLcode result = curl_easy_perform(curl.get());
        if (transfer.thrown) std::rethrow_exception(transfer.thrown);
        if (result != CURLE_OK) fail(ErrorCode::kIo, "[voices] {}: {}", url_, curl_easy_strerror(result));
        long status = 0;
        curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
        transfer.answer.finish(status);
        return {};
    }

  private:
    std::string url_, voice_, model_;
    VoiceOptions options_;
};

std::string decoded(const std::string& text) {
    int length = 0;
    char* plain = curl_easy_unescape(nullptr, text.c_str(), static_cast<int>(text.size()), &length);
    const std::string result(plain ? plain : "", static_cast<std::size_t>(length));
    curl_free(plain);
    return result;
}

}  // namespace

std::unique_ptr<Voice> open_server(const std::string& url, const VoiceOptions& options) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK) fail(ErrorCode::kInternal, "[voices] libcurl: {}", curl_easy_strerror(ready));
    const std::size_t question = url.find('?');
    std::string route = url.substr(0, question), voice = "alloy", model = "tts-1";
    for (std::size_t at = question; at != std::string::npos && at + 1 < url.size();) {
        const std::size_t end = url.find('&', at + 1);
        const std::string part =
            url.substr(at + 1, end == std::string::npos ? std::string::npos : end - at - 1);
        if (part.rfind("voice=", 0) == 0)
            voice = decoded(part.substr(6));
        else if (part.rfind("model=", 0) == 0)
            model = decoded(part.substr(6));
        else
            fail(ErrorCode::kInvalidArgument, "[voices] {}: expected voice= or model= behind the ?, got '{}'",
                 url, part);
        at = end;
    }
    while (!route.empty() && route.back() == '/') route.pop_back();
    constexpr std::string_view kRoute = "/audio/speech";
    const auto ends_with = [&](std::string_view end) {
        return route.size() >= end.size() && route.compare(route.size() - end.size(), end.size(), end) == 0;
    };
    if (!ends_with(kRoute)) route += ends_with("/v1") ? "/audio/speech" : "/v1/audio/speech";
    return std::make_unique<ServerVoice>(route, voice, model, options);
}

}  // namespace vultus::voices

#else

namespace vultus::voices {

std::unique_ptr<Voice> open_server(const std::string& url, const VoiceOptions&) {
    fail(ErrorCode::kUnsupported, "[voices] {}: this build has no libcurl (Debian: libcurl4-openssl-dev)",
         url);
}

}  // namespace vultus::voices

#endif
