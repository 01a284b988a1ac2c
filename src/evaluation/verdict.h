// What the numbers of an evaluation mean, in words for whoever filmed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace vultus::evaluation {

enum class Grade { kGood, kFair, kPoor };

struct Verdict {
    std::string what;  ///< "Lips follow the speech"
    Grade grade = Grade::kGood;
    std::string measure;  ///< the number in its unit
    std::string advice;   ///< what to film or do differently; empty where it is good
};

const char* word_of(Grade grade);

/// metrics: metrics.json of a report; seconds_learnt: of footage. Entries that the report lacks are left out.
std::vector<Verdict> judge(const nlohmann::ordered_json& metrics, double seconds_learnt);

/// What to expect from so much footage, learnt at `size_px` for `budget_s` on a processor or a GPU: a line.
std::string expectation(double seconds_of_footage, int size_px, double budget_s, bool gpu);

/// A page of them with links to the corpus's contact sheet and the report's index.html, both relative to it.
std::string verdict_page(const std::string& title, const std::vector<Verdict>& verdicts,
                         const std::string& contact_sheet, const std::string& report);

}  // namespace vultus::evaluation
