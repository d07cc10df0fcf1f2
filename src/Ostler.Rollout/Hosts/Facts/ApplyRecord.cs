using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Hosts.Facts;

/// <summary>
/// The agent is about to apply a staged deployment before it reboots the host. If that fails, the deployment is gone afterwards: this
/// record tells that apart from an image that was never staged.
/// </summary>
public sealed record ApplyRecord
{
    public required string NodeUid { get; init; }
    public required long Attempt { get; init; }
    public required string Target { get; init; }

    /// <summary>The boot in which it was written: /run outlives a soft reboot.</summary>
    public required string BootID { get; init; }

    /// <summary>Whether it belongs to the spec's own attempt and to this boot.</summary>
    public bool Answers(string uid, NodeOSSpec spec, string bootID) =>
        NodeUid == uid && Attempt == spec.Attempt && Target == spec.Image?.Digest && BootID == bootID;
}
