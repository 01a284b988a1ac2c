#include "api/fuzz_bodies_testonly.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <vector>

namespace {

constexpr float kOdd[] = {0,
                          1,
                          -1,
                          1e30f,
                          -1e-40f,
                          std::numeric_limits<float>::max(),
                          std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()};
constexpr int kRatesHz[] = {16000, 8000, 44100, 48000, 0, -1, 192000, 11025};

/// A failed call says why; a defect of the library is never the answer.
std::string fault_of(vultus_status status, const char* call) {
    if (status == VULTUS_ERROR_INTERNAL) return std::string(call) + ": " + vultus_last_error();
    if (status < 0 && *vultus_last_error() == 0) return std::string(call) + " failed without a line";
    return "";
}

/// Sessions that follow the bytes.
class Caller {
  public:
    Caller(vultus_person* person, const std::uint8_t* bytes, std::size_t size)
        : person_(person), next_(bytes), end_(bytes + size) {}
    ~Caller() { vultus_session_close(session_); }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    std::string run() {
        while (next_ < end_) {
            const std::string fault = call();
            if (!fault.empty()) return fault;
        }
        return "";
    }

  private:
    std::size_t below(std::size_t bound) { return next_ < end_ ? *next_++ % bound : 0; }

    std::string call() {
        switch (below(10)) {
            case 0:
                return open();
            case 1:
            case 2:
                return push();
            case 3:
                return push_16_bit();
            case 4:
                return fault_of(vultus_session_end_speech(session_), "end_speech");
            case 5:
                return fault_of(below(3) ? VULTUS_OK : vultus_session_interrupt(session_), "interrupt");
            default:
                return pull();
        }
    }

    std::string open() {
        vultus_session_close(session_);
        session_ = nullptr;
        index_ = 0;
        vultus_session_options options;
        vultus_session_options_init(&options);
        options.sample_rate_hz = kRatesHz[below(8)];
        options.look_ahead_frames = static_cast<std::int32_t>(below(6)) - 2;
        options.head = static_cast<std::int32_t>(below(3));
        if (below(4) == 0) options.head_scale = kOdd[below(8)];
        float angles[12];
        for (float& angle : angles) angle = below(8) == 0 ? kOdd[below(8)] : 3;
        if (below(4) == 0) {
            options.pose_deg = angles;
            options.num_poses = below(5);
        }
        const vultus_status status = vultus_session_open(person_, &options, &session_);
        if ((status == VULTUS_OK) != (session_ != nullptr))
            return "a session without success, or the reverse";
        return fault_of(status, "session_open");
    }

    std::string push() {
        samples_.resize(below(256) * (below(4) == 0 ? 30 : 3));
        const float loudness = static_cast<float>(below(16)) / 16;
        for (std::size_t i = 0; i < samples_.size(); ++i)
            samples_[i] = loudness * std::sin(static_cast<float>(i * i));
        bool finite = true;
        if (below(8) == 0 && !samples_.empty()) {
            const float odd = kOdd[below(8)];
            samples_[below(samples_.size())] = odd;
            finite = std::isfinite(odd);
        }
        const vultus_status status = vultus_session_push_f32(session_, samples_.data(), samples_.size());
        if (!finite && status == VULTUS_OK) return "push took a sample that is not finite";
        return fault_of(status, "push_f32");
    }

    std::string push_16_bit() {
        whole_.assign(below(256) * 5, static_cast<std::int16_t>(below(256) * 257 - 32768));
        return fault_of(vultus_session_push_s16(session_, whole_.data(), whole_.size()), "push_s16");
    }

    std::string pull() {
        vultus_frame frame;
        vultus_frame_init(&frame);
        const auto missing = static_cast<std::int32_t>(below(3));
        const std::size_t kind = below(16);
        if (kind == 0) {
            // Drawing is the slow part: now and then.
            rgb_.resize(64 * 64 * 3);
            frame.rgb = rgb_.data();
            frame.rgb_capacity = rgb_.size();
        } else if (kind == 1) {
            frame.sound = sound_;
            frame.sound_capacity = below(2) ? 640 : 5;
        }
        const vultus_status status = vultus_session_pull(session_, missing, &frame);
        if (status == VULTUS_OK && frame.index != index_++) return "a gap in the frames";
        return fault_of(status, "pull");
    }

    vultus_person* person_;
    const std::uint8_t *next_, *end_;
    vultus_session* session_ = nullptr;
    std::int64_t index_ = 0;
    std::vector<float> samples_;
    std::vector<std::int16_t> whole_;
    std::vector<std::uint8_t> rgb_;
    float sound_[640];
};

}  // namespace

std::string try_person(const std::string& bytes, const std::string& scratch, vultus_status& status) {
    std::ofstream(scratch, std::ios::binary) << bytes;
    vultus_person_options options;
    vultus_person_options_init(&options);
    options.num_threads = 1;
    vultus_person* person = nullptr;
    status = vultus_person_open(scratch.c_str(), &options, &person);
    if ((status == VULTUS_OK) != (person != nullptr)) return "a person without success, or the reverse";
    if (status != VULTUS_OK) return fault_of(status, "person_open");
    vultus_person_info info;
    vultus_person_info_init(&info);
    std::string fault = fault_of(vultus_person_get_info(person, &info), "get_info");
    vultus_session* session = nullptr;
    const vultus_status opened = vultus_session_open(person, nullptr, &session);
    if (fault.empty()) fault = fault_of(opened, "session_open");
    vultus_frame frame;
    vultus_frame_init(&frame);
    for (int i = 0; i < 3 && opened == VULTUS_OK && fault.empty(); ++i)
        fault = fault_of(vultus_session_pull(session, VULTUS_MISSING_SILENCE, &frame), "pull");
    vultus_session_close(session);
    vultus_person_close(person);
    return fault;
}

std::string try_calls(vultus_person* person, const std::uint8_t* bytes, std::size_t size) {
    return Caller(person, bytes, size).run();
}
