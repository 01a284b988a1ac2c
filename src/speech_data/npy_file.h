// NumPy's file format for one array (numpy.lib.format, version 1.0).
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>

#include "base/output_file.h"

namespace vultus::speech_data {

/// Writes float32 [rows, columns] row by row; the file appears when finish() is called.
class NpyWriter {
  public:
    /// Errors: kIo.
    NpyWriter(const std::filesystem::path& path, std::int64_t columns);
    /// Whole rows.
    void append(std::span<const float> rows);
    /// Errors: kIo on a full disk.
    void finish();
    std::int64_t num_rows() const { return num_values_ / columns_; }

  private:
    void write_header();

    OutputFile file_;
    std::ofstream out_;
    std::int64_t columns_, num_values_ = 0;
};

}  // namespace vultus::speech_data
