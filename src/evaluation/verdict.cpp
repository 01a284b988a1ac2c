#include "evaluation/verdict.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace vultus::evaluation {
namespace {

using Json = nlohmann::ordered_json;

/// Images a second that one processor core learns from at 256 px, about, and a GPU of a data centre.
constexpr double kCoreImagesPerSecond = 10, kGpuImagesPerSecond = 1000;
/// Images after which held-out frames hardly get better (docs/experiments.md).
constexpr double kEnoughImages = 40000, kFewImages = 8000;
constexpr double kMuchFootage_s = 120, kLittleFootage_s = 30;

Grade graded(double value, double good, double fair) {
    return value >= good ? Grade::kGood : value >= fair ? Grade::kFair : Grade::kPoor;
}

/// How far a ratio is from 1, either way, as a number below 1.
double closeness(double ratio) { return ratio > 1 ? 1 / ratio : ratio; }

class Judge {
  public:
    Judge(const Json& metrics, double seconds) : metrics_(metrics), more_(seconds < kMuchFootage_s) {}

    std::vector<Verdict> all() {
        add("/speech_driven/opening/r", "Lips follow the speech", 0.7, 0.5, "correlation {:.2f}",
            more_ ? "film more speech in the same place: two minutes and more, spoken clearly"
                  : "speak clearly and open the mouth; check that sound and picture are in step");
        add("/reconstruction/mouth_psnr_db", "The mouth is drawn as recorded", 28, 25, "{:.1f} dB",
            "keep camera and light still, sit closer, and learn for longer (--budget)");
        add("/reconstruction/psnr_db", "The picture is drawn as recorded", 30, 27, "{:.1f} dB",
            "a plain, still background and less movement help; so does more time (--budget)");
        add_ratio("/speech_driven/mouth_sharpness/ratio", "The mouth is sharp", 0.75, 0.5,
                  "learn for longer (--budget); film in more light, so that the camera blurs less");
        add_most("/speech_driven/flicker/ratio", "The picture is steady", 1.2, 2,
                 "a still camera, still light and a plain background flicker least");
        add_ratio("/speech_driven/head_motion_deg/yaw/ratio", "The head moves as recorded", 0.6, 0.35,
                  "film a minute more of ordinary talking, head free");
        if (metrics_.contains("off_manifold_share")) add_broken();
        return std::move(verdicts_);
    }

  private:
    void add(const char* path, const char* what, double good, double fair, fmt::string_view format,
             const char* advice) {
        const Json::json_pointer at(path);
        if (!metrics_.contains(at) || !metrics_[at].is_number()) return;
        const double value = metrics_[at].get<double>();
        push(what, graded(value, good, fair), fmt::format(fmt::runtime(format), value), advice);
    }
    void add_ratio(const char* path, const char* what, double good, double fair, const char* advice) {
        const Json::json_pointer at(path);
        if (!metrics_.contains(at) || !metrics_[at].is_number()) return;
        const double ratio = metrics_[at].get<double>();
        if (!(ratio > 0)) return;
        push(what, graded(closeness(ratio), good, fair), fmt::format("{:.2f} of the recording's", ratio),
             advice);
    }
    /// Less is no fault.
    void add_most(const char* path, const char* what, double good, double fair, const char* advice) {
        const Json::json_pointer at(path);
        if (!metrics_.contains(at) || !metrics_[at].is_number()) return;
        const double ratio = metrics_[at].get<double>();
        push(what, graded(-ratio, -good, -fair), fmt::format("{:.2f} of the recording's", ratio), advice);
    }
    void add_broken() {
        const double share = metrics_["off_manifold_share"].get<double>();
        push("Every frame shows a whole face", graded(-share, -0.02, -0.1),
             fmt::format("{:.1f} % broken", 100 * share),
             "learn for longer (--budget); film more of the poses that the head takes");
    }
    void push(const char* what, Grade grade, std::string measure, const char* advice) {
        verdicts_.push_back({what, grade, std::move(measure), grade == Grade::kGood ? "" : advice});
    }

    const Json& metrics_;
    bool more_;
    std::vector<Verdict> verdicts_;
};

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

}  // namespace

const char* word_of(Grade grade) {
    return grade == Grade::kGood ? "good" : grade == Grade::kFair ? "fair" : "poor";
}

std::vector<Verdict> judge(const Json& metrics, double seconds_learnt) {
    return Judge(metrics, seconds_learnt).all();
}

std::string expectation(double seconds, int size_px, double budget_s, bool gpu) {
    const double speed = (gpu ? kGpuImagesPerSecond : kCoreImagesPerSecond) * std::pow(256.0 / size_px, 2);
    const double images = 0.75 * budget_s * speed;
    const Grade picture = graded(images, kEnoughImages, kFewImages);
    const Grade lips = graded(seconds, kMuchFootage_s, kLittleFootage_s);
    return fmt::format("{:.0f} s of footage at {} px, {:.0f} min on {}: expect {} pictures{} and {} lips{}",
                       seconds, size_px, budget_s / 60, gpu ? "a GPU" : "the processor", word_of(picture),
                       picture == Grade::kGood ? "" : " (more time helps: --budget)", word_of(lips),
                       lips == Grade::kGood ? "" : " (two minutes of speech and more help)");
}

std::string verdict_page(const std::string& title, const std::vector<Verdict>& verdicts,
                         const std::string& contact_sheet, const std::string& report) {
    std::string rows;
    for (const Verdict& verdict : verdicts)
        rows += fmt::format("<tr class=\"{0}\"><td>{1}</td><td>{0}</td><td>{2}</td><td>{3}</td></tr>\n",
                            word_of(verdict.grade), escaped(verdict.what), escaped(verdict.measure),
                            escaped(verdict.advice));
    return fmt::format(
        R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{0}</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #8886; vertical-align: top }}
.good td:nth-child(2) {{ color: #2a8a3e }} .fair td:nth-child(2) {{ color: #b07a00 }}
.poor td:nth-child(2) {{ color: #c33 }} td:nth-child(2) {{ font-weight: 700 }}
img {{ max-width: 100%; height: auto }}
@media (max-width: 40rem) {{
  tr {{ display: block; padding: .4rem 0; border-bottom: 1px solid #8886 }} th {{ display: none }}
  td {{ display: inline-block; border: 0; padding: 0 .5rem 0 0 }} td:last-child {{ display: block }}
}}
</style></head><body>
<h1>{0}</h1>
<p>Measured on sentences that were never learnt. <a href="{2}">The whole report, with videos</a>.</p>
<table><tr><th>what</th><th></th><th>measured</th><th>what would help</th></tr>
{1}</table>
<h2>What was learnt from</h2>
<p>Framed in red: left out.</p>
<img src="{3}" alt="Frames of the footage; what was left out is framed in red">
</body></html>
)",
        escaped(title), rows, escaped(report), escaped(contact_sheet));
}

}  // namespace vultus::evaluation
