#include "pronunciation/kana_reader.h"

#include <dlfcn.h>

#include <sstream>
#include <vector>

namespace vultus::pronunciation {
namespace {

constexpr std::size_t kPronunciationField = 8;  ///< of IPADIC's; words it does not know have fewer fields

}  // namespace

struct KanaReader::Library {
    void* handle = nullptr;
    void* tagger = nullptr;
    void* (*create)(const char*) = nullptr;
    const char* (*parse)(void*, const char*, std::size_t) = nullptr;
    void (*destroy)(void*) = nullptr;

    ~Library() {
        if (tagger != nullptr) destroy(tagger);
        if (handle != nullptr) ::dlclose(handle);
    }

    template <typename F>
    bool find(F& function, const char* name) {
        function = reinterpret_cast<F>(::dlsym(handle, name));
        return function != nullptr;
    }

    bool open() {
        handle = ::dlopen("libmecab.so.2", RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr) return false;
        if (!find(create, "mecab_new2") || !find(parse, "mecab_sparse_tostr2") ||
            !find(destroy, "mecab_destroy"))
            return false;
        tagger = create("");
        return tagger != nullptr;
    }
};

std::unique_ptr<KanaReader> KanaReader::load() {
    auto library = std::make_unique<Library>();
    if (!library->open()) return nullptr;
    return std::unique_ptr<KanaReader>(new KanaReader(std::move(library)));
}

KanaReader::KanaReader(std::unique_ptr<Library> library) : library_(std::move(library)) {}

KanaReader::~KanaReader() = default;

std::string KanaReader::read(const std::string& text) {
    const char* lines = library_->parse(library_->tagger, text.c_str(), text.size());
    std::string kana;
    // Lines of the word, a tab, and its features with commas between.
    std::istringstream in(lines == nullptr ? "" : lines);
    for (std::string line; std::getline(in, line) && line != "EOS";) {
        const std::size_t tab = line.find('\t');
        if (tab == std::string::npos) continue;
        std::vector<std::string> fields;
        std::istringstream features(line.substr(tab + 1));
        for (std::string field; std::getline(features, field, ',');) fields.push_back(field);
        kana += fields.size() > kPronunciationField ? fields[kPronunciationField] : line.substr(0, tab);
    }
    return kana;
}

}  // namespace vultus::pronunciation
