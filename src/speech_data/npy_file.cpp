#include "speech_data/npy_file.h"

#include "base/error.h"

namespace vultus::speech_data {

namespace {
constexpr std::size_t kHeaderBytes = 128;  // room for any number of rows, a multiple of 64
}

NpyWriter::NpyWriter(const std::filesystem::path& path, std::int64_t columns)
    : file_(path), out_(file_.temporary(), std::ios::binary), columns_(columns) {
    write_header();
}

void NpyWriter::write_header() {
    std::string text =
        fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", num_rows(), columns_);
    constexpr std::size_t kTextBytes = kHeaderBytes - 10;
    text.resize(kTextBytes - 1, ' ');
    const char before[] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, static_cast<char>(kTextBytes), 0};
    out_.write(before, sizeof before);
    out_ << text << '\n';
}

void NpyWriter::append(std::span<const float> rows) {
    out_.write(reinterpret_cast<const char*>(rows.data()), static_cast<std::streamsize>(rows.size_bytes()));
    num_values_ += static_cast<std::int64_t>(rows.size());
}

void NpyWriter::finish() {
    out_.seekp(0);
    write_header();
    out_.close();
    if (!out_) fail(ErrorCode::kIo, "[speech] {}: cannot be written", file_.temporary().string());
    file_.commit();
}

}  // namespace vultus::speech_data
