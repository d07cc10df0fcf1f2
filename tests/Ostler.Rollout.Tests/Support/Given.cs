using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Tests.Support;

/// <summary>Nodes at each stage of their way, and snapshots of them. All moments are counted from <see cref="Now"/>.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    public const string Policy = "edge";

    public static DateTimeOffset Ago(double minutes) => Now.AddMinutes(-minutes);

    public static DateTimeOffset In(double minutes) => Now.AddMinutes(minutes);

    public static RolloutSnapshot Snapshot(params NodeFacts[] nodes) => new()
    {
        Now = Now,
        Policy = new() { Name = Policy, Uid = "policy-uid", Generation = 3, Spec = Trees.Policy() },
        Image = Image(),
        Nodes = nodes,
    };

    public static RolloutSnapshot With(this RolloutSnapshot snapshot, Func<UpgradePolicySpec, UpgradePolicySpec> change) =>
        snapshot with { Policy = snapshot.Policy with { Spec = change(snapshot.Policy.Spec!) } };

    public static ImageFacts Image(string digest = "", OSImageSpec? spec = null) => new()
    {
        Name = "edge-os",
        Generation = 1,
        Spec = spec ?? Trees.ImageSpec,
        Status = new()
        {
            ObservedGeneration = 1,
            Resolved = new()
            {
                Reference = "acme:acme/stable/x86_64/edge",
                Digest = digest.Length == 0 ? Trees.New : digest,
                Version = Trees.VersionOf(digest.Length == 0 ? Trees.New : digest),
                ResolvedAt = Ago(60),
            },
        },
    };

    /// <summary>Runs the old tree, and nothing is asked of it.</summary>
    public static NodeFacts Idle(string name, string booted = "") => new()
    {
        Name = name,
        Uid = name + "-uid",
        CreatedAt = Ago(60 * 24),
        Ready = true,
        ReadyReason = "KubeletReady",
        ReadyHeartbeat = Ago(1),
        BootID = name + "-boot-1",
        ResourceVersion = "10",
        OS = new()
        {
            Uid = name + "-os",
            Generation = 1,
            ResourceVersion = "20",
            Spec = new(),
            Status = new()
            {
                ObservedGeneration = 1,
                Backend = "ostree",
                BootID = name + "-boot-1",
                Booted = Tree(booted.Length == 0 ? Trees.Old : booted),
                Conditions = [Condition(ConditionTypes.Ready, ConditionStatus.True)],
            },
        },
    };

    public static NodeFacts Updated(string name) => Idle(name, Trees.New)
        .Spec(s => s with { Policy = Policy, Image = Trees.Image(Trees.New), Attempt = 1 })
        .Status(s => s with { Attempt = 1, Step = NodeStep.Updated });

    /// <summary>Was upgraded by the policy so long ago; its host keeps the tree of before.</summary>
    public static NodeFacts Upgraded(string name, double minutesAgo = 60) => Updated(name)
        .Spec(s => s with
        {
            LastUpgrade = new() { GrantedAt = Ago(minutesAgo + 5), CompletedAt = Ago(minutesAgo), Previous = new() { Digest = Trees.Old, Version = "41" } },
        })
        .Status(s => s with { Rollback = Tree(Trees.Old) }) with
    { Preflight = new() { At = Ago(0.1), Pods = [] } };

    /// <summary>As <see cref="Upgraded"/>, and holds a slot since ten minutes ago to go back.</summary>
    public static NodeFacts GoingBack(string name, params PodFacts[] pods) => Upgraded(name) with
    {
        Unschedulable = true,
        CordonedBy = Policy,
        CordonedAt = Ago(10),
        Pods = pods,
        Workloads = new() { At = Ago(0.1) },
    };

    /// <summary>Went back for the failures of others.</summary>
    public static NodeFacts TakenBack(string name) => RolledBack(name, 10)
        .Spec(s => s with { Attempt = 2, Failure = s.Failure! with { Attempt = 2, Reason = Reasons.RolledBackByScope }, LastUpgrade = Upgraded(name).OS!.Spec.LastUpgrade })
        .Status(s => s with { Attempt = 2 });

    public static NodeFacts Staging(string name) => Idle(name)
        .Spec(s => s with { Policy = Policy, Image = Trees.Image(Trees.New), Goal = Goal.Stage, Attempt = 1, Deadlines = new() { Staged = In(20) } })
        .Status(s => s with { Attempt = 1, Step = NodeStep.Staging });

    /// <summary>Waits for a slot; nothing is known that would block its drain.</summary>
    public static NodeFacts Staged(string name) => (Staging(name) with { Preflight = new() { At = Ago(0.1), Pods = [] } }).Status(s => s with
    {
        Step = NodeStep.Staged,
        Staged = Tree(Trees.New) with { Locked = true },
        Conditions = [.. s.Conditions!, Condition(ConditionTypes.Staged, ConditionStatus.True)],
    });

    /// <summary>The snapshot at another moment, at which the dry runs of its nodes were made just before.</summary>
    public static RolloutSnapshot At(this RolloutSnapshot snapshot, DateTimeOffset now) => snapshot with
    {
        Now = now,
        Nodes = [.. snapshot.Nodes.Select(n => n.Preflight is { } preflight ? n with { Preflight = preflight with { At = now } } : n)],
    };

    /// <summary>
    /// Holds a slot since ten minutes ago, out of thirty for the drain. Its pods belong to no workload that would be waited for.
    /// </summary>
    public static NodeFacts Cordoned(string name, params PodFacts[] pods) => Staged(name) with
    {
        Unschedulable = true,
        CordonedBy = Policy,
        CordonedAt = Ago(10),
        Pods = pods,
        Workloads = new() { At = Ago(0.1) },
    };

    /// <summary>Was told five minutes ago to boot, and has not reported from the new boot.</summary>
    public static NodeFacts Booting(string name) => Cordoned(name)
        .Spec(s => s with
        {
            Goal = Goal.Boot,
            GrantedAt = Ago(10),
            BootRequestedAt = Ago(5),
            Previous = new() { Digest = Trees.Old, Version = "41", BootID = name + "-boot-1" },
            Deadlines = new() { Reboot = In(10), Healthy = In(20) },
        })
        .Status(s => s with { Step = NodeStep.Rebooting });

    /// <summary>Booted a tree two minutes ago; agent and kubelet report from the new boot, the checks have not passed.</summary>
    public static NodeFacts Booted(string name, string tree = "") => (Booting(name) with { BootID = name + "-boot-2", ReadyHeartbeat = Ago(1) })
        .Status(s => s with
        {
            Step = NodeStep.Verifying,
            BootID = name + "-boot-2",
            Booted = Tree(tree.Length == 0 ? Trees.New : tree),
            Staged = null,
            Timings = new() { BootedAt = Ago(2) },
            Conditions = [Condition(ConditionTypes.Ready, ConditionStatus.True)],
        });

    public static NodeFacts Healthy(string name) => Booted(name).Host(ConditionStatus.True);

    /// <summary>Healthy since <paramref name="seconds"/> ago, out of thirty for the soak.</summary>
    public static NodeFacts Soaking(string name, double seconds) => Healthy(name).Spec(s => s with { HealthySince = Now.AddSeconds(-seconds) });

    /// <summary>Failed on the new tree two minutes ago and was told to go back.</summary>
    public static NodeFacts RollingBack(string name) => Booted(name)
        .Spec(s => s with
        {
            Goal = Goal.Rollback,
            Failure = Failure(2),
            Deadlines = new() { Rollback = In(20) },
        })
        .Status(s => s with { Step = NodeStep.RollingBack });

    /// <summary>Is back on the old tree, in a third boot.</summary>
    public static NodeFacts Back(string name) => (RollingBack(name) with { BootID = name + "-boot-3" })
        .Status(s => s with { Step = NodeStep.RolledBack, BootID = name + "-boot-3", Booted = Tree(Trees.Old), Timings = new() { BootedAt = Ago(1.5) } });

    public static NodeFacts RolledBack(string name, double minutesAgo = 30) => Idle(name)
        .Spec(s => s with { Policy = Policy, Image = Trees.Image(Trees.New), Attempt = 1, Failure = Failure(minutesAgo) })
        .Status(s => s with { Attempt = 1, Step = NodeStep.RolledBack });

    /// <summary>Failed, and is held on the new tree because automatic rollback is off.</summary>
    public static NodeFacts Held(string name, double minutesAgo = 30) => Booted(name)
        .Spec(s => new()
        {
            Policy = Policy,
            Image = s.Image,
            Attempt = s.Attempt,
            GrantedAt = s.GrantedAt,
            Previous = s.Previous,
            Failure = Failure(minutesAgo),
        })
        .Status(s => s with { Step = NodeStep.Failed });

    public static NodeFailure Failure(double minutesAgo, string digest = "") => new()
    {
        Digest = digest.Length == 0 ? Trees.New : digest,
        Version = "42",
        Attempt = 1,
        Reason = Reasons.HostCheckFailed,
        Message = "edge.service is failed",
        Evidence = FailureEvidence.Booted,
        At = Ago(minutesAgo),
    };

    public static NodeFacts Spec(this NodeFacts node, Func<NodeOSSpec, NodeOSSpec> change) => node with { OS = node.OS! with { Spec = change(node.OS.Spec) } };

    public static NodeFacts Status(this NodeFacts node, Func<NodeOSStatus, NodeOSStatus> change) =>
        node with { OS = node.OS! with { Status = change(node.OS.Status!) } };

    public static NodeFacts Host(this NodeFacts node, ConditionStatus healthy, string message = "") => node.Status(s => s with
    {
        Conditions = [.. s.Conditions!.Where(c => c.Type != ConditionTypes.HostHealthy), Condition(ConditionTypes.HostHealthy, healthy, message)],
    });

    public static NodeFacts Error(this NodeFacts node, string reason, NodeStep step) =>
        node.Status(s => s with { Step = step, LastError = new() { Reason = reason, Message = "the host says so", At = Ago(1) } });

    public static NodeFacts Label(this NodeFacts node, string key, string value) =>
        node with { Labels = new Dictionary<string, string>(node.Labels ?? new Dictionary<string, string>()) { [key] = value } };

    public static PodFacts Pod(string name) => new()
    {
        Namespace = "apps",
        Name = name,
        Uid = name + "-uid",
        Ready = true,
        GracePeriodSeconds = 30,
        Controller = new("ReplicaSet", "web", "web-uid"),
    };

    public static Deployment Tree(string digest) => new() { Digest = digest, Version = Trees.VersionOf(digest) };

    public static Condition Condition(string type, ConditionStatus status, string message = "") =>
        new() { Type = type, Status = status, Reason = "Because", Message = message, LastTransitionTime = Ago(1) };
}

/// <summary>Shorthands for what a plan holds.</summary>
internal static class PlanExtensions
{
    public static NodeVerdict Verdict(this RolloutPlan plan, string node = "n1") => plan.Nodes.Single(n => n.Node == node);

    public static IReadOnlyList<NodeAction> Of(this RolloutPlan plan, string node = "n1") => [.. plan.Actions.Where(a => a.Node == node)];

    /// <summary>The one spec that is written for the node.</summary>
    public static NodeOSSpec Written(this RolloutPlan plan, string node = "n1") => plan.Of(node).OfType<NodeAction.ApplySpec>().Single().Spec;

    /// <summary>The kinds of the node's actions in order, as in <c>ApplySpec Uncordon</c>.</summary>
    public static string Kinds(this RolloutPlan plan, string node = "n1") => string.Join(' ', plan.Of(node).Select(a => a.GetType().Name));

    public static IReadOnlyList<string> Granted(this RolloutPlan plan) => [.. plan.Actions.OfType<NodeAction.Cordon>().Where(c => c.Grants).Select(c => c.Node)];

    public static IReadOnlyList<string> StagedNow(this RolloutPlan plan) =>
        [.. plan.Actions.OfType<NodeAction.ApplySpec>().Where(a => a.Spec.Goal == Goal.Stage).Select(a => a.Node)];
}
