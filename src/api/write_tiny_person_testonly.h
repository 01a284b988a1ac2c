// For tests that see only the library's own vultus::Error.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/scratch_folder.h"

void write_tiny_person(const std::string& path);

/// A folder of the suite's own with a tiny person in it.
class WithTinyPerson : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        scratch_ = std::make_unique<vultus::ScratchFolder>("api-test");
        folder_ = scratch_->path();
        path_ = (folder_ / "tiny.vultus").string();
        write_tiny_person(path_);
    }
    static void TearDownTestSuite() { scratch_.reset(); }

    static inline std::filesystem::path folder_;
    static inline std::string path_;  ///< the person's

  private:
    static inline std::unique_ptr<vultus::ScratchFolder> scratch_;
};
