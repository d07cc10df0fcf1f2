using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Core;

namespace Ostler.Cli.Tests;

/// <summary>Objects as a cluster might have them at <see cref="CommandLine.Now"/>.</summary>
internal static class Given
{
    public const string Old = "1111111111111111111111111111111111111111111111111111111111111111";
    public const string New = "42424242424242424242424242424242424242424242424242424242deadbeef";

    /// <summary>Selects whatever does not say no: an empty selector selects nothing.</summary>
    public static LabelSelector AllNodes { get; } = new() { MatchExpressions = [new() { Key = "none", Operator = LabelOperator.DoesNotExist }] };

    public static DateTimeOffset Now => CommandLine.Now;

    public static UpgradePolicy Policy(string name = "edge", UpgradePolicyStatus? status = null, Func<UpgradePolicySpec, UpgradePolicySpec>? spec = null) => new()
    {
        Metadata = new() { Name = name, Uid = $"uid-{name}", ResourceVersion = "7", Generation = 2 },
        Spec = (spec ?? (s => s))(new() { ImageRef = new() { Name = "edge-os" }, NodeSelector = AllNodes }),
        Status = status,
    };

    public static UpgradePolicySpec Manual(UpgradePolicySpec spec, params string[] waves) =>
        spec with { Rollout = new() { Waves = [.. waves.Select(w => new WaveSpec { Name = w, Nodes = IntOrPercent.Count(1), Approval = WaveApproval.Manual })] } };

    public static Condition Condition(string type, ConditionStatus status, string reason, string message = "", double minutesAgo = 5) =>
        new() { Type = type, Status = status, Reason = reason, Message = message, LastTransitionTime = Now.AddMinutes(-minutesAgo), ObservedGeneration = 2 };

    public static UpgradePolicyStatus Status(string reason, ConditionStatus ready = ConditionStatus.False, params Condition[] more) => new()
    {
        ObservedGeneration = 2,
        Target = new() { Digest = New, Version = "42.2" },
        Conditions = [Condition(ConditionTypes.Ready, ready, reason, "So it is."), .. more],
    };

    /// <summary>Ten nodes, four of them done, two in flight.</summary>
    public static UpgradePolicyStatus RollingOut => Status(
        Reasons.RollingOut, ConditionStatus.False,
        Condition(ConditionTypes.WindowOpen, ConditionStatus.True, Reasons.Open, "A window is open until 2026-12-01T16:00:00Z."),
        Condition(ConditionTypes.Progressing, ConditionStatus.True, Reasons.RollingOut, "2 nodes are in flight.")) with
    {
        Nodes = new() { Total = 10, Updated = 4, Updating = 2, Staged = 1, Pending = 3, Unavailable = 2 },
        Wave = "rest",
        Waves =
        [
            new() { Name = "canary", Total = 1, Updated = 1, CompletedAt = Now.AddHours(-3), Reason = Reasons.Succeeded, Message = "1 of 1 updated." },
            new() { Name = "rest", Total = 9, Updated = 3, Reason = Reasons.RollingOut, Message = "3 of 9 updated." },
        ],
        InFlight =
        [
            new() { Node = "node-05", Step = NodeStep.Cordoned, Reason = Reasons.DrainBlocked, Message = "PodDisruptionBudget shop/db lets no pod go:\nshop/db-0.", Since = Now.AddMinutes(-12) },
            new() { Node = "node-06", Step = NodeStep.Rebooting, Reason = Reasons.WaitingForReboot, Message = "Told to boot 42.2.", Since = Now.AddSeconds(-75) },
        ],
        Blocked = [.. Enumerable.Range(7, 2).Select(i => new BlockedNode { Node = $"node-0{i}", Reason = Reasons.CordonedByOther, Message = "Cordoned by somebody else." })],
        StartedAt = Now.AddHours(-4),
        EstimatedCompletion = Now.AddMinutes(95),
        Durations = new() { Reboot = Measured(150, 400, 4), Node = Measured(560, 900, 4) },
    };

    public static UpgradePolicyStatus Halted => Status(
        Reasons.TooManyFailures, ConditionStatus.False, Condition(ConditionTypes.Halted, ConditionStatus.True, Reasons.TooManyFailures, "1 node failed on 42.2.", 30)) with
    {
        Nodes = new() { Total = 3, Updated = 1, RolledBack = 1, Pending = 1 },
        FailedDigests = [new() { Digest = New, Reason = Reasons.HealthTimedOut, Message = "node-2: app is not active.", At = Now.AddMinutes(-31) }],
    };

    public static UpgradePolicyStatus WaitsForApproval(string wave) => Status(Reasons.WaitingForApproval, ConditionStatus.False, Condition(ConditionTypes.Stalled, ConditionStatus.True, Reasons.WaitingForApproval, "A wave waits.")) with
    {
        Nodes = new() { Total = 3, Pending = 3 },
        Wave = wave,
        Waves = [new() { Name = wave, Total = 3, Reason = Reasons.WaitingForApproval, Message = "Waits for approval." }],
    };

    /// <summary>One receiver was told, and one cannot be reached.</summary>
    public static UpgradePolicyStatus NotTold => Status(
        Reasons.UpToDate, ConditionStatus.True, Condition(ConditionTypes.Notified, ConditionStatus.False, Reasons.NotificationFailed, "pager was not told that the rollout is complete: HTTP 500. Tried again at 2026-12-01T12:10:00Z.", 12)) with
    {
        Nodes = new() { Total = 3, Updated = 3 },
        Notifications =
        [
            new() { Id = "1", Receiver = "chat", Event = RolloutEvent.Completed, Reason = Reasons.UpToDate, Message = "All 3 nodes run 42.2.", At = Now.AddMinutes(-20), State = NotificationState.Delivered, TriedAt = Now.AddMinutes(-19), Failures = 1, Error = "HTTP 502" },
            new() { Id = "2", Receiver = "pager", Event = RolloutEvent.Completed, Reason = Reasons.UpToDate, Message = "All 3 nodes run 42.2.", At = Now.AddMinutes(-20), State = NotificationState.Pending, Failures = 3, Error = "HTTP 500", RetryAt = Now.AddMinutes(10) },
            new() { Id = "3", Receiver = "old", Event = RolloutEvent.Started, Reason = Reasons.RollingOut, Message = "42.1 begins.", At = Now.AddDays(-3), State = NotificationState.GivenUp, Failures = 9, Error = "no such host" },
        ],
    };

    public static MeasuredDuration Measured(double average, double max, int count) => new() { Average = Duration.FromSeconds(average), Max = Duration.FromSeconds(max), Count = count };

    public static Node Node(string name, bool ready = true, bool cordoned = false, string? cordonedBy = null, params (string Key, string Value)[] labels) => new()
    {
        Metadata = new()
        {
            Name = name,
            Labels = labels.ToDictionary(l => l.Key, l => l.Value),
            Annotations = cordonedBy is null ? null : new Dictionary<string, string> { [NodeAnnotations.CordonedBy] = cordonedBy },
        },
        Spec = new() { Unschedulable = cordoned || cordonedBy is not null },
        Status = new() { Conditions = [new() { Type = "Ready", Status = ready ? "True" : "False" }] },
    };

    public static NodeOS System(string name, string? booted = Old, string? version = "42.1", NodeStep step = NodeStep.Idle, NodeOSSpec? spec = null) => new()
    {
        Metadata = new() { Name = name },
        Spec = spec ?? new(),
        Status = booted is null ? null : new() { Step = step, Backend = "ostree", AgentVersion = "0.1.0", Booted = new() { Digest = booted, Version = version } },
    };

    public static OSImage Image(QuarantineSpec? quarantine = null, OSImageStatus? status = null, string? commit = null) => new()
    {
        Metadata = new() { Name = "edge-os", Uid = "uid", ResourceVersion = "9" },
        Spec = new() { Ostree = new() { Remote = "acme", Url = "https://ostree.acme.example/repo", Ref = "acme/edge", Commit = commit }, Quarantine = quarantine },
        Status = status,
    };

    public static ResolvedImage Resolved(string digest, string version) => new() { Reference = "acme:acme/edge", Digest = digest, Version = version, ResolvedAt = Now.AddDays(-1) };
}
