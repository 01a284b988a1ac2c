#include "person/person.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "base/error.h"
#include "base/output_file.h"
#include "base/rng.h"
#include "person/image_normalisation.h"
#include "tensor/gzip.h"

namespace vultus::person {
namespace {

namespace fs = std::filesystem;

class PersonFile : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("vultus-person-test-" + std::to_string(::getpid()));
        fs::create_directories(folder_);
        path_ = folder_ / "someone.vultus";
    }
    void TearDown() override { fs::remove_all(folder_); }

    static Person someone() {
        Person person;
        person.model = models::preset("live", 64);
        person.card = {"Ada",
                       "own recordings",
                       "CC BY 4.0",
                       "Ada, 2024",
                       "given in writing",
                       "2024-05-06",
                       {{"dae_steps", 12}, {"note", "grüße"}}};
        person.fps_num = 30000;
        person.fps_den = 1001;
        person.noise_seed = 0xFFFFFFFFFFFFFFF0ull;
        Rng rng(5);
        const auto draw = [&](std::size_t count) {
            std::vector<float> values(count);
            for (float& value : values) value = static_cast<float>(rng.normal());
            return values;
        };
        for (int i = 0; i < 64 * 64 * 3; ++i)
            person.stats.mean_image.push_back(static_cast<std::uint8_t>(rng.below(256)));
        for (int i = 0; i < 64 * 64; ++i)
            person.stats.steadiness.push_back(static_cast<std::uint8_t>(rng.below(256)));
        person.stats.latent_mean = draw(128);
        person.stats.latent_std = draw(128);
        person.stats.pose_mean = draw(3);
        person.stats.pose_std = draw(3);
        person.stats.mel_mean = draw(80);
        person.stats.mel_std = draw(80);
        person.stats.blink_direction = draw(128);
        person.stats.blink_shape = draw(9);
        person.stats.blinks_per_minute = 17.25;
        person.stats.pose_motion = draw(30);
        person.stats.motion_clips = {7, 3};
        person.stats.footage_crop = {420, 0, 1080, 1920, 1080};
        person.stats.lip_probe = draw(256);
        person.weights.tensors["unet.in.weight"] = HostTensor::from_f32({4, 2}, draw(8)).to_bf16();
        person.weights.tensors["speech.out.bias"] = HostTensor::from_f32({5}, draw(5)).to_bf16();
        return person;
    }

    std::string saved() {
        save_person(path_, someone());
        return read_file(path_);
    }
    /// Without the compression, whose checksum refuses everything.
    std::string unpacked() { return gunzip(saved(), path_); }

    void every_truncation_is_refused(const std::string& bytes) {
        // Each length through the first tensors' names, then a sample of the others and the very last ones.
        for (std::size_t length = 0; length < bytes.size();
             length += length < 600 || length + 20 > bytes.size() ? 1 : 97) {
            write_file(path_, bytes.substr(0, length));
            ASSERT_THROW(load_person(path_), Error) << length << " of " << bytes.size() << " bytes";
        }
    }

    void expect_refused(const std::string& bytes, ErrorCode code, const std::string& says) {
        write_file(path_, bytes);
        try {
            load_person(path_);
            FAIL() << "was read; expected: " << says;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code) << error.what();
            EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        }
    }

    /// The saved person with one entry of its metadata or one tensor changed.
    std::string changed(const std::function<void(Archive&)>& change) {
        Archive archive = parse_archive(saved(), "test");
        change(archive);
        return serialize_archive(archive);
    }

    fs::path folder_, path_;
};

TEST_F(PersonFile, RoundTrip) {
    const Person before = someone();
    save_person(path_, before);
    const Person after = load_person(path_);
    EXPECT_EQ(to_json(after.card), to_json(before.card));
    EXPECT_EQ(models::to_json(after.model), models::to_json(before.model));
    EXPECT_EQ(after.fps_num, 30000);
    EXPECT_EQ(after.fps_den, 1001);
    EXPECT_EQ(after.noise_seed, before.noise_seed);
    EXPECT_EQ(after.stats.mean_image, before.stats.mean_image);
    EXPECT_EQ(after.stats.steadiness, before.stats.steadiness);
    EXPECT_EQ(after.stats.footage_crop, before.stats.footage_crop);
    EXPECT_EQ(after.stats.latent_mean, before.stats.latent_mean);
    EXPECT_EQ(after.stats.latent_std, before.stats.latent_std);
    EXPECT_EQ(after.stats.pose_mean, before.stats.pose_mean);
    EXPECT_EQ(after.stats.pose_std, before.stats.pose_std);
    EXPECT_EQ(after.stats.mel_mean, before.stats.mel_mean);
    EXPECT_EQ(after.stats.mel_std, before.stats.mel_std);
    EXPECT_EQ(after.stats.blink_direction, before.stats.blink_direction);
    EXPECT_EQ(after.stats.lip_probe, before.stats.lip_probe);
    EXPECT_EQ(after.stats.blink_shape, before.stats.blink_shape);
    EXPECT_EQ(after.stats.blinks_per_minute, 17.25);
    EXPECT_EQ(after.stats.pose_motion, before.stats.pose_motion);
    EXPECT_EQ(after.stats.motion_clips, before.stats.motion_clips);
    ASSERT_EQ(after.weights.tensors.size(), 2u);
    EXPECT_EQ(after.weights.at("unet.in.weight").bytes, before.weights.at("unet.in.weight").bytes);
    EXPECT_TRUE(after.can_speak());
    const std::string bytes = read_file(path_);
    save_person(path_, after);
    EXPECT_EQ(read_file(path_), bytes) << "the same person gives the same bytes";
}

TEST_F(PersonFile, WithoutSpeech) {
    Person person = someone();
    Stats images_only;
    images_only.mean_image = person.stats.mean_image;
    person.stats = images_only;
    save_person(path_, person);
    EXPECT_FALSE(load_person(path_).can_speak());
}

TEST_F(PersonFile, EveryTruncationIsRefused) {
    for (const std::string& bytes : {saved(), unpacked()}) every_truncation_is_refused(bytes);
    const std::string bytes = saved();
    expect_refused(bytes.substr(0, bytes.size() / 2), ErrorCode::kCorruptData, "");
}

TEST_F(PersonFile, DamageNeverCrashes) {
    const std::string bytes = unpacked();
    std::uint64_t header_bytes = 0;
    std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
    Rng rng(3);
    int refused = 0;
    for (int i = 0; i < 1500; ++i) {
        std::string damaged = bytes;
        // Mostly the header, where the sizes are; a changed weight alone is a valid file.
        const std::size_t range = i % 4 ? 8 + header_bytes : bytes.size();
        for (std::uint64_t k = 0; k <= rng.below(3); ++k)
            damaged[rng.below(range)] = static_cast<char>(rng.next());
        write_file(path_, damaged);
        try {
            load_person(path_);
        } catch (const Error& error) {
            ++refused;
            ASSERT_NE(error.code(), ErrorCode::kInternal) << error.what();
        }
    }
    EXPECT_GT(refused, 500);
}

TEST_F(PersonFile, OtherFilesAreRefused) {
    expect_refused("this is a text\n", ErrorCode::kCorruptData, "safetensors");
    expect_refused("", ErrorCode::kCorruptData, "safetensors");
    expect_refused(serialize_archive({}), ErrorCode::kCorruptData, "expected a person file");
    EXPECT_THROW(load_person(folder_ / "absent.vultus"), Error);
    EXPECT_THROW(load_person(folder_), Error);
}

TEST_F(PersonFile, NewerVersionIsRefused) {
    expect_refused(changed([](Archive& a) { a.metadata["version"] = "2"; }), ErrorCode::kUnsupported,
                   "newer version (file version 2");
    expect_refused(changed([](Archive& a) { a.metadata["version"] = "-1"; }), ErrorCode::kCorruptData,
                   "positive number");
    expect_refused(changed([](Archive& a) { a.metadata["version"] = "one"; }), ErrorCode::kCorruptData, "");
}

TEST_F(PersonFile, MissingPartsAreRefused) {
    for (const char* key :
         {"format", "version", "model", "card", "fps_num", "fps_den", "noise_seed", "blinks_per_minute"})
        expect_refused(changed([&](Archive& a) { a.metadata.erase(key); }), ErrorCode::kCorruptData, key);
    for (const char* name : {"stats.mean_picture", "stats.latent_std", "stats.pose_mean", "stats.mel_std"})
        expect_refused(changed([&](Archive& a) { a.tensors.erase(name); }), ErrorCode::kCorruptData, name);
}

TEST_F(PersonFile, SizesThatDoNotFitAreRefused) {
    const auto of_size = [](std::int64_t count) {
        return HostTensor::from_f32({count}, std::vector<float>(static_cast<std::size_t>(count), 1.0f));
    };
    for (const char* name : {"stats.latent_mean", "stats.pose_std", "stats.mel_mean", "stats.blink_direction",
                             "stats.pose_motion", "stats.lip_probe"})
        expect_refused(changed([&](Archive& a) { a.tensors[name] = of_size(7); }), ErrorCode::kCorruptData,
                       name);
    expect_refused(changed([&](Archive& a) { a.tensors["stats.mean_picture"] = of_size(64 * 64 * 3); }),
                   ErrorCode::kCorruptData, "mean_picture");
    expect_refused(changed([&](Archive& a) { a.tensors["stats.steadiness"] = of_size(64 * 64); }),
                   ErrorCode::kCorruptData, "steadiness");
}

TEST_F(PersonFile, ValuesThatAreNotFiniteAreRefused) {
    for (const float bad : {std::nanf(""), INFINITY, -INFINITY})
        expect_refused(changed([&](Archive& a) {
                           std::vector<float> values(3, 1.0f);
                           values[1] = bad;
                           a.tensors["stats.pose_mean"] = HostTensor::from_f32({3}, values);
                       }),
                       ErrorCode::kCorruptData, "not finite");
}

TEST_F(PersonFile, HostileHeadersAllocateNothing) {
    const auto file = [](const std::string& header) {
        std::string bytes(8, '\0');
        const std::uint64_t length = header.size();
        std::memcpy(bytes.data(), &length, sizeof length);
        return bytes + header;
    };
    for (const char* tensor : {
             R"({"a":{"dtype":"F32","shape":[4000000000,4000000000,4000000000],"data_offsets":[0,8]}})",
             R"({"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}})",
             R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})",
             R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})",
             R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,0]}})",
             R"({"a":{"dtype":"X9","shape":[2],"data_offsets":[0,8]}})",
             R"({"a":7})",
             R"([])",
         }) {
        write_file(path_, file(tensor) + std::string(8, 'x'));
        EXPECT_THROW(load_person(path_), Error) << tensor;
    }
    write_file(path_, std::string(8, '\xFF') + "{}");
    EXPECT_THROW(load_person(path_), Error);
}

TEST_F(PersonFile, ModelsWithoutSenseAreRefused) {
    const auto with = [&](const char* network, const char* key, const nlohmann::json& value) {
        return changed([&](Archive& a) {
            nlohmann::json model = nlohmann::json::parse(a.metadata["model"]);
            model[network][key] = value;
            a.metadata["model"] = model.dump();
        });
    };
    expect_refused(with("unet", "size_px", 1 << 30), ErrorCode::kCorruptData, "unet.size_px");
    expect_refused(with("unet", "base_channels", 0), ErrorCode::kCorruptData, "unet.base_channels");
    expect_refused(with("unet", "latent", 64), ErrorCode::kCorruptData, "one width of z");
    expect_refused(with("unet", "patch", "four"), ErrorCode::kCorruptData, "");
    expect_refused(with("diffusion", "prediction", "x9"), ErrorCode::kCorruptData, "prediction");
    expect_refused(with("diffusion", "spacing", "x9"), ErrorCode::kCorruptData, "spacing");
    expect_refused(with("diffusion", "beta_last", 7.0), ErrorCode::kCorruptData, "beta");
    expect_refused(with("speech", "features", "telepathy"), ErrorCode::kUnsupported, "telepathy");
    expect_refused(changed([](Archive& a) { a.metadata["fps_den"] = "1000000"; }), ErrorCode::kCorruptData,
                   "frame rate");
    expect_refused(changed([](Archive& a) { a.metadata["noise_seed"] = "\"x\""; }), ErrorCode::kCorruptData,
                   "damaged");
    expect_refused(changed([](Archive& a) { a.metadata["blinks_per_minute"] = "-1e300"; }),
                   ErrorCode::kCorruptData, "blinks_per_minute");
}

TEST(ImageNormalisation, RoundTripOfEveryByte) {
    std::vector<std::uint8_t> mean(16 * 16 * 3), image(mean.size());
    for (std::size_t i = 0; i < mean.size(); ++i) {
        mean[i] = static_cast<std::uint8_t>(i * 7);
        image[i] = static_cast<std::uint8_t>(i);
    }
    for (const bool residual : {false, true}) {
        const ImageNormalisation space(16, residual ? mean : std::vector<std::uint8_t>{},
                                       residual ? 0.13 : 1.0);
        std::vector<float> planes(static_cast<std::size_t>(space.num_values()));
        std::vector<std::uint8_t> back(image.size());
        space.to_model(image.data(), planes.data());
        for (std::size_t i = 0; i < planes.size(); ++i) {
            EXPECT_GE(planes[i], space.low()[i] - 1e-5f);
            EXPECT_LE(planes[i], space.high()[i] + 1e-5f);
        }
        space.to_rgb(planes.data(), back.data());
        EXPECT_EQ(back, image);
        space.to_rgb(space.high().data(), back.data());
        EXPECT_EQ(back, std::vector<std::uint8_t>(back.size(), 255));
        space.to_rgb(space.low().data(), back.data());
        EXPECT_EQ(back, std::vector<std::uint8_t>(back.size(), 0));
        for (float& value : planes) value = value < 0 ? -1e30f : 1e30f;
        space.to_rgb(planes.data(), back.data());
        for (const std::uint8_t value : back) EXPECT_TRUE(value == 0 || value == 255);
    }
    EXPECT_THROW(ImageNormalisation(8, mean, 1.0), Error);
}

TEST(ImageNormalisation, ShowsSoMuchOfTheResidualAsStands) {
    const std::vector<std::uint8_t> mean(3 * 4 * 4, 100);
    std::vector<std::uint8_t> share(4 * 4, 255);
    share[5] = 0;
    share[6] = 51;
    const ImageNormalisation space(4, mean, 0.5, share);
    std::vector<float> planes(3 * 4 * 4, 1.0f);  // 63.75 bytes brighter than the mean
    std::vector<std::uint8_t> rgb(planes.size());
    space.to_rgb(planes.data(), rgb.data());
    EXPECT_EQ(rgb[3 * 4], 164);
    EXPECT_EQ(rgb[3 * 5], 100) << "stands still";
    EXPECT_EQ(rgb[3 * 6 + 2], 113) << "a fifth";
    EXPECT_THROW(ImageNormalisation(4, mean, 0.5, std::vector<std::uint8_t>(3)), Error);
}

}  // namespace
}  // namespace vultus::person
