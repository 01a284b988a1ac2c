#include "image_training/prior.h"

#include <gtest/gtest.h>

#include "autograd/torch_ops.h"
#include "person/bundled.h"

namespace vultus::image_training {
namespace {

const person::Person& bundled() {
    static const person::Person person = person::load_person(person::find_bundled(person::kBundledPerson));
    return person;
}

std::int64_t count(const Archive& archive) {
    std::int64_t values = 0;
    for (const auto& [name, tensor] : archive.tensors) values += num_elements(tensor.shape);
    return values;
}

std::int64_t count_images(const person::Person& person) {
    std::int64_t values = 0;
    for (const auto& [name, tensor] : person.weights.tensors)
        if (name.starts_with("unet.") || name.starts_with("encoder.")) values += num_elements(tensor.shape);
    return values;
}

TEST(Prior, OfTheSameSizeIsEverything) {
    const Archive prior = prior_weights(bundled(), models::preset("live", 256));
    EXPECT_EQ(count(prior), count_images(bundled()));
    const HostTensor& taken = prior.at("unet.down.1.0.conv1.weight");
    EXPECT_EQ(taken.to_f32(), bundled().weights.at("unet.down.1.0.conv1.weight").to_f32());
}

TEST(Prior, LevelsOfALargerImageCorrespondByTheirGrids) {
    const Archive prior = prior_weights(bundled(), models::preset("live", 512));
    EXPECT_EQ(prior.at("unet.down.2.0.conv1.weight").to_f32(),
              bundled().weights.at("unet.down.1.0.conv1.weight").to_f32());
    EXPECT_EQ(prior.at("encoder.in.weight").to_f32(), bundled().weights.at("encoder.in.weight").to_f32());
    EXPECT_FALSE(prior.has("unet.down.0.0.conv1.weight")) << "the outer level is new";
    EXPECT_GT(count(prior), count_images(bundled()) * 9 / 10);
}

TEST(Prior, PositionMapsOfAnotherGridAreInterpolated) {
    const Archive prior = prior_weights(bundled(), models::preset("live", 384));
    const HostTensor& map = prior.at("unet.down.0.position");
    EXPECT_EQ(map.shape, (Shape{1, 32, 96, 96}));
    const auto mean = [](const std::vector<float>& values) {
        double sum = 0;
        for (const float value : values) sum += value;
        return sum / static_cast<double>(values.size());
    };
    EXPECT_NEAR(mean(map.to_f32()), mean(bundled().weights.at("unet.down.0.position").to_f32()), 2e-3);
    EXPECT_FALSE(prior.has("encoder.out.z.weight")) << "of another grid";
}

}  // namespace
}  // namespace vultus::image_training
