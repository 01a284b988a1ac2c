// The parts of the completion scripts that stay the same whatever the options are.
#pragma once

namespace vultus::cli {

constexpr const char* kBashHead =
    R"(# Completion of vultus and vultus-train for bash 4 or later. Written by: vultus completion bash
# Keys are commands ("vultus talk") and their options ("vultus talk --out") and arguments ("vultus talk 0"). Values are words;
# @file, @file.mp4 and @folder stand for such names, @more: any number of them.
)";

constexpr const char* kBashFunctions = R"(
_vultus_suggest() {  # WORDS CURRENT
  local word
  for word in $1; do
    case $word in
      @more) ;;
      @folder)
        compopt -o filenames 2>/dev/null
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$2")
        ;;
      @file*)
        compopt -o filenames 2>/dev/null
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
          if [[ $word == @file ]]; then
            compgen -f -- "$2"
          else
            compgen -f -X "!*${word#@file}" -- "$2"
            compgen -d -- "$2"
          fi
        )
        ;;
      "$2"*) COMPREPLY+=("$word") ;;
    esac
  done
}

# The command, how many of its arguments stand before the cursor, and the option that wants a value there: sets
# place, argument and option; first says that this option has no value yet.
_vultus_look_back() {
  local i word
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    [[ $word == "=" ]] && continue  # --option=value comes as three words
    if [[ -n $option && (-n $first || $word != -*) ]]; then
      first=
      [[ " ${_vultus_values[$option]} " == *" @more "* ]] || option=
    elif [[ $word == -?* ]]; then
      option=
      [[ -n ${_vultus_values["$place $word"]+known} ]] && option="$place $word" first=1
    elif [[ " ${_vultus_commands[$place]-} " == *" $word "* ]]; then
      place+=" $word"
    else
      argument=$((argument + 1))
    fi
  done
}

_vultus() {
  local IFS=$' \t\n' current=${COMP_WORDS[COMP_CWORD]} place=vultus argument=0 option= first=
  COMPREPLY=()
  [[ ${COMP_WORDS[0]##*/} == vultus-train ]] && place="vultus train"
  _vultus_look_back
  [[ $current == "=" ]] && current=
  if [[ -n $option && (-n $first || $current != -*) ]]; then
    _vultus_suggest "${_vultus_values[$option]}" "$current"
  elif [[ $current == -* ]]; then
    _vultus_suggest "${_vultus_options[$place]} ${_vultus_options[vultus]}" "$current"
  elif [[ -n ${_vultus_commands[$place]-} ]]; then
    _vultus_suggest "${_vultus_commands[$place]}" "$current"
  else
    if [[ -z ${_vultus_values["$place $argument"]+known} ]]; then  # beyond the last: only if that one takes more
      while ((argument > 0)) && [[ -z ${_vultus_values["$place $argument"]+known} ]]; do
        argument=$((argument - 1))
      done
      [[ ${_vultus_values["$place $argument"]-} == *@more* ]] || return
    fi
    _vultus_suggest "${_vultus_values["$place $argument"]-}" "$current"
  fi
}

complete -F _vultus vultus vultus-train
)";

constexpr const char* kZshHead = R"zsh(#compdef vultus vultus-train
# Completion of vultus and vultus-train for zsh. Written by: vultus completion zsh

_vultus_take() {
  local word
  for word; do
    case $word in
      @folder) _files -/ ;;
      @file) _files ;;
      @file*) _files -g "*${word#@file}(-.)" ;;
      *) compadd -- $word ;;
    esac
  done
}

)zsh";

/// For fmt::format.
constexpr const char* kZshGroup = R"({function}() {{
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -S -C{arguments} \
    '1: :->command' '*:: :->rest'
  case $state in
    command)
      local -a commands
      commands=(
{list}      )
      _describe -t commands command commands
      ;;
    rest)
      case $words[1] in
{cases}      esac
      ;;
  esac
}}

)";

constexpr const char* kZshEnd = R"(_vultus() {
  if [[ $service == vultus-train ]]; then
    _vultus_train
  else
    _vultus_commands
  fi
}

if [[ $funcstack[1] == _vultus ]]; then  # the completion system loads this file as the function
  _vultus "$@"
else
  compdef _vultus vultus vultus-train
fi
)";

}  // namespace vultus::cli
