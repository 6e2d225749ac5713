/** Reads one peer connection's numbers: what came in since the last look. */

const IDLE = { packets: 0, lost: 0, frames: 0, energy: 0, heard: 0, at: 0 };

export class PeerStats {
  #last = IDLE;
  #pc = null;

  /**
   * @param {RTCPeerConnection} pc
   * @returns {Promise<{loss: number, roundTrip: number, frames: number, level: number,
   *   framesDecoded: number, path: string}>} path: candidate type of the pair in use
   */
  async read(pc) {
    if (pc !== this.#pc) this.#last = IDLE;
    this.#pc = pc;
    const seen = { ...IDLE, at: performance.now(), roundTrip: 0 };
    const reports = await pc.getStats();
    let path = "";
    reports.forEach((report) => {
      if (report.type === "inbound-rtp") inbound(report, seen);
      if (report.type === "transport" && report.selectedCandidatePairId) {
        path = pairPath(reports, report.selectedCandidatePairId, seen);
      }
    });
    const since = this.#since(seen);
    this.#last = seen;
    return { ...since, roundTrip: seen.roundTrip, framesDecoded: seen.frames, path };
  }

  #since(seen) {
    const seconds = this.#last.at ? (seen.at - this.#last.at) / 1000 : 1;
    const packets = Math.max(0, seen.packets - this.#last.packets);
    const lost = Math.max(0, seen.lost - this.#last.lost);
    // Mean loudness since the last look: a level of this very instant would miss a short word.
    const heard = seen.heard - this.#last.heard;
    return {
      level: heard > 0 ? Math.sqrt(Math.max(0, seen.energy - this.#last.energy) / heard) : 0,
      loss: packets + lost > 0 ? lost / (packets + lost) : 0,
      frames: Math.max(0, seen.frames - this.#last.frames) / seconds,
    };
  }
}

function inbound(report, seen) {
  seen.packets += report.packetsReceived ?? 0;
  seen.lost += Math.max(0, report.packetsLost ?? 0);
  if (report.kind === "video") seen.frames += report.framesDecoded ?? 0;
  else {
    seen.energy += report.totalAudioEnergy ?? 0;
    seen.heard += report.totalSamplesDuration ?? 0;
  }
}

function pairPath(reports, id, seen) {
  const pair = reports.get(id);
  seen.roundTrip = pair?.currentRoundTripTime ?? 0;
  return reports.get(pair?.localCandidateId)?.candidateType ?? "";
}
