using Ostler.Api.Shared;

namespace Ostler.Rollout.Nodes;

/// <summary>What is known of a host when it is to boot a tree that may be entered by a soft reboot.</summary>
public sealed record SoftRebootFacts
{
    /// <summary>What is asked for; null: a full reboot.</summary>
    public RebootMethod? Asked { get; init; }

    /// <summary>Whether the tree is another one than what runs.</summary>
    public bool ChangesTree { get; init; }

    /// <summary>
    /// Whether the host's systemd counts its soft reboots. Without that nobody could tell that one happened: the boot ID stays the same.
    /// </summary>
    public bool Counted { get; init; }

    /// <summary>Whether the host has soft-reboot.target; images that want none of it remove it.</summary>
    public bool HasTarget { get; init; }

    /// <summary>Who judges this host's boots, as greenboot does; null: nobody.</summary>
    public string? JudgedBy { get; init; }

    /// <summary>Why the tool that laid the tree down says no; null: it does not.</summary>
    public string? Refusal { get; init; }
}

/// <summary>Whether a node may be brought into its tree without going through firmware and kernel.</summary>
public static class SoftRebootRules
{
    /// <summary>
    /// How it is done, and, where a soft reboot was allowed and is not possible, why not. What is unknown or unusual leads to a full
    /// reboot, which always works.
    /// </summary>
    public static (RebootKind Method, string? WhyFull) Choose(SoftRebootFacts facts)
    {
        if (facts.Asked is null or RebootMethod.Reboot)
        {
            return (RebootKind.Reboot, null);
        }

        var why = facts switch
        {
            { ChangesTree: false } => "only a full reboot undoes changes of the running image",
            { Counted: false } => "the host's systemd does not count its soft reboots (256 and later do)",
            { HasTarget: false } => "the host has no soft-reboot.target",

            // A soft reboot passes by the boot loader, which counts, and whose fallback they rely on.
            { JudgedBy: { } who } => $"{who} judges this host's boots, and a soft reboot bypasses the boot loader",
            { Refusal: { } refusal } => refusal,
            _ => null,
        };
        return why is null ? (RebootKind.SoftReboot, null) : (RebootKind.Reboot, why);
    }
}
