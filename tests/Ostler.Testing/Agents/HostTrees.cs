using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Testing.Agents;

/// <summary>Trees, orders and host states for tests, each with one line.</summary>
public static class HostTrees
{
    public const string Uid = "uid-1";
    public const string FirstBoot = "boot-1";
    public const string SecondBoot = "boot-2";

    public static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The commit of version 1, 2, 3…</summary>
    public static string Commit(int version) => new((char)('a' + version - 1), 64);

    public static NodeImage Image(int version, string? url = "https://ostree.example/repo") => new()
    {
        Ostree = new NodeOstreeImage { Remote = "acme", Url = url, Ref = "acme/stable/x86_64/edge", GpgVerify = false },
        Digest = Commit(version),
        Version = $"{version}.0",
    };

    public static PreviousOS Previous(int version, string? bootID = FirstBoot) =>
        new() { Digest = Commit(version), Version = $"{version}.0", BootID = bootID };

    public static NodeOSSpec Observe(int? image = null, NodeFailure? failure = null) =>
        new() { Goal = Goal.Observe, Attempt = image is null ? 0 : 1, Image = image is { } v ? Image(v) : null, Failure = failure };

    public static NodeOSSpec Stage(int image, long attempt = 1) => new() { Goal = Goal.Stage, Attempt = attempt, Image = Image(image) };

    public static NodeOSSpec Boot(int image, int previous, long attempt = 1, string? bootID = FirstBoot) => new()
    {
        Goal = Goal.Boot,
        Attempt = attempt,
        Image = Image(image),
        Previous = Previous(previous, bootID),
    };

    public static NodeOSSpec Rollback(int previous, int image, long attempt = 1, string? bootID = FirstBoot) => new()
    {
        Goal = Goal.Rollback,
        Attempt = attempt,
        Image = Image(image),
        Previous = Previous(previous, bootID),
    };

    /// <summary>
    /// Deployments in order, each written as <c>1</c>, <c>1*</c> (booted), <c>2s</c> (staged), <c>2l</c> (staged and locked).
    /// </summary>
    public static HostDeployments Deployments(string text) => new(
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((word, index) => new HostDeployment
        {
            Index = index,
            Stateroot = "edge",
            Digest = Commit(word[0] - '0'),
            Version = $"{word[0]}.0",
            Serial = 0,
            Booted = word.EndsWith('*'),
            Staged = word[^1] is 's' or 'l',
            Locked = word.EndsWith('l'),
        })]);

    /// <summary>The watchdog's record of a boot into 2 from 1, armed in the first boot for ten minutes, unless told otherwise.</summary>
    public static WatchdogRecord Armed(WatchdogState state = WatchdogState.Armed, string? firedIn = null, int target = 2, int previous = 1) => new()
    {
        NodeUid = Uid,
        Attempt = 1,
        Target = Commit(target),
        TargetCommit = Commit(target),
        Previous = Commit(previous),
        PreviousCommit = Commit(previous),
        Backend = "ostree",
        ArmedIn = FirstBoot,
        ArmedAt = Noon,
        TimeoutSeconds = 600,
        State = state,
        FiredIn = firedIn,
        FiredUptimeSeconds = firedIn is null ? 0 : 610,
    };

    public static HostState HostWith(
        string deployments,
        string bootID = FirstBoot,
        PendingBoot? pending = null,
        FinalizationReport? finalization = null,
        bool shuttingDown = false,
        DateTimeOffset? now = null) => new()
        {
            Now = now ?? Noon,
            Boot = new HostBoot(bootID, Noon - TimeSpan.FromMinutes(3)),
            Deployments = Deployments(deployments),
            Backend = "ostree",
            BackendVersion = "2022.7",
            Pending = pending,
            Finalization = finalization,
            ShuttingDown = shuttingDown,
        };

    /// <summary>The record of a boot into 2 from 1, unless told otherwise.</summary>
    public static PendingBoot Pending(
        Goal goal = Goal.Boot, int target = 2, int previous = 1, string bootID = FirstBoot, DateTimeOffset? at = null) => new()
        {
            NodeUid = Uid,
            Goal = goal,
            Attempt = 1,
            Target = Commit(target),
            Previous = Commit(previous),
            BootID = bootID,
            RequestedAt = at ?? Noon,
        };
}
