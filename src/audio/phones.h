// The 40 phones of the speech encoder, what other tools call them, and what the mouth does for each.
#pragma once

#include <string_view>
#include <vector>

namespace vultus::audio {

/// ARPABET without stress in alphabetical order after silence. Stops include their closure.
inline constexpr int kNumPhones = 40;
inline constexpr int kSilence = 0;
inline constexpr int kUnknownPhone = -1;

/// "SIL", "AA" ... "ZH". Errors: kInvalidArgument out of 0..39.
std::string_view phone_name(int phone);
/// The other way; kUnknownPhone for other names.
int phone_from_name(std::string_view name);
bool is_vowel(int phone);
/// P, B, M.
bool is_bilabial(int phone);

/// The 15 visemes of OVR Lip Sync and OpenXR, in their order.
inline constexpr int kNumVisemes = 15;
int viseme_of(int phone);
/// "sil PP FF TH DD kk CH SS nn RR aa E I O U".
std::string_view viseme_name(int viseme);

/// The mouth shape 'A'..'H' or 'X' of Rhubarb Lip Sync that a phone begins with, after its rules for a phone
/// of that length: short open vowels stay half open.
char rhubarb_shape(int phone, double duration_s);
/// Where the mouth goes in the last 40 % of a diphthong; rhubarb_shape() for the others.
char rhubarb_end_shape(int phone, double duration_s);

/// CMUdict: "AH0" is AH.
int phone_from_cmudict(std::string_view name);
/// Festival's and flite's American voices ("radio"): lower case, ax, pau.
int phone_from_radio(std::string_view name);

/// TIMIT's 61 phones and the cl/vcl/epi/sil of its foldings, one call for a whole utterance because a closure
/// belongs to the stop after it: [n] names to [n] phones. A closure whose stop is not released keeps its own
/// place (bcl is B); one without a place (cl, vcl) is kUnknownPhone, as are unknown names; q goes to the
/// phone before.
std::vector<int> phones_from_timit(const std::vector<std::string_view>& names);

/// The nearest phones by articulation of one IPA symbol or cluster as espeak-ng prints it, in any of its
/// languages: "aɪ" is AY, "ts" T S, "ɔːɹ" AO R. Marks of length, stress, tone and secondary articulation
/// are passed over. Empty when it holds nothing to articulate ("", "ʔ"); {kUnknownPhone} when nothing is
/// known.
std::vector<int> phones_from_ipa(std::string_view ipa);

}  // namespace vultus::audio
