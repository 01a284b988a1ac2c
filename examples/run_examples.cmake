# Runs the examples without screen and loudspeaker. Wants BUILD and SOURCE.
set(person ${SOURCE}/models/grid-s1.vultus)
set(speech ${SOURCE}/samples/three-sentences.wav)
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE ${BUILD}/out.mp4 ${BUILD}/frames.rgb)
run(${BUILD}/file_to_video ${person} ${speech} ${BUILD}/out.mp4)
if(NOT EXISTS ${BUILD}/out.mp4)
  message(FATAL_ERROR "file_to_video wrote nothing")
endif()

# One second of zeros: 25 frames of 256 x 256 RGB.
execute_process(COMMAND head -c 32000 /dev/zero COMMAND ${BUILD}/raw_frames ${person}
  OUTPUT_FILE ${BUILD}/frames.rgb COMMAND_ERROR_IS_FATAL ANY)
file(SIZE ${BUILD}/frames.rgb bytes)
if(NOT bytes EQUAL 4915200)
  message(FATAL_ERROR "raw_frames: expected 25 frames of 196608 bytes, got ${bytes} bytes")
endif()

if(EXISTS ${BUILD}/live_window)
  set(ENV{SDL_VIDEODRIVER} dummy)
  set(ENV{SDL_AUDIODRIVER} dummy)
  run(${BUILD}/live_window ${person} ${speech} --frames 40)
  run(${BUILD}/live_window ${person} --frames 40)
endif()
