using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Tests.Support;

/// <summary>Deployments in a line, for tables of tests.</summary>
internal static class Lists
{
    /// <summary>
    /// Each by the last four digits of its digest, with marks: <c>*</c> booted, <c>s</c> staged, <c>l</c> locked, <c>p</c> pinned, <c>i</c>
    /// incompatible, <c>q</c> soft-reboot capable, <c>m</c> mutated, <c>+n</c> packages. Null when there is no list.
    /// </summary>
    public static string? Describe(HostDeployments? deployments) => deployments is null ? null : string.Join(' ', deployments.All.Select(Describe));

    private static string Describe(HostDeployment d) => d.Digest[^4..]
        + (d.Booted ? "*" : "") + (d.Staged ? "s" : "") + (d.Locked ? "l" : "") + (d.Pinned ? "p" : "") + (d.Incompatible ? "i" : "") + (d.SoftRebootCapable ? "q" : "")
        + (d.Mutated is null ? "" : "m") + (d.Packages.Count == 0 ? "" : $"+{d.Packages.Count}");
}
