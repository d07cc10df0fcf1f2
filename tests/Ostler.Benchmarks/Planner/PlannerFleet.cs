using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;

namespace Ostler.Benchmarks.Planner;

/// <summary>
/// A large fleet, taken through its rollout by the planner's own plans: each pass applies the actions, then some of the agents catch up.
/// What is measured is so a state that the planner itself leads to, whatever its rules are by then.
/// </summary>
internal sealed class PlannerFleet
{
    public const string Policy = "edge";

    private static readonly string Old = new('a', 64);
    private static readonly string New = new('b', 64);

    private readonly NodeFacts[] _nodes;
    private readonly Dictionary<string, int> _index = [];
    private DateTimeOffset _now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private int _pass;

    public PlannerFleet(int count)
    {
        _nodes = [.. Enumerable.Range(1, count).Select(Node)];
        for (var i = 0; i < count; i++)
        {
            _index[_nodes[i].Name] = i;
        }
    }

    /// <summary>The fleet as the gatherer would hand it over now.</summary>
    public RolloutSnapshot Snapshot() => new()
    {
        Now = _now,
        Policy = new()
        {
            Name = Policy,
            Uid = "policy-uid",
            Generation = 3,
            Spec = new()
            {
                ImageRef = new() { Name = "edge-os" },
                NodeSelector = new()
                {
                    MatchLabels = new Dictionary<string, string> { ["node-role.kubernetes.io/edge"] = "" },
                    MatchExpressions = [new() { Key = "kubernetes.io/arch", Operator = LabelOperator.In, Values = ["amd64", "arm64"] }],
                },
                Rollout = new() { MaxUnavailable = IntOrPercent.Percent(10), Soak = Duration.FromSeconds(30) },
            },
        },
        Image = new()
        {
            Name = "edge-os",
            Generation = 1,
            Spec = new() { Ostree = new() { Remote = "acme", Url = "https://ostree.acme.example/repo", Ref = "acme/stable/x86_64/edge" } },
            Status = new()
            {
                ObservedGeneration = 1,
                Resolved = new() { Reference = "acme:acme/stable/x86_64/edge", Digest = New, Version = "42", ResolvedAt = _now.AddHours(-1) },
            },
        },
        Nodes = [.. _nodes],
        OtherPolicies =
        [
            .. new[] { "control-plane", "gpu", "storage" }.Select(name => new OtherPolicy
            {
                Name = name,
                NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["node-role.kubernetes.io/" + name] = "" } },
            }),
        ],
        LeaderNode = "node-00007",
    };

    /// <summary>Goes on until the condition holds for a plan, and returns the snapshot that it was made from.</summary>
    public RolloutSnapshot RunUntil(Func<RolloutPlan, bool> condition)
    {
        while (_pass < 10_000)
        {
            var snapshot = Snapshot();
            var plan = RolloutPlanner.Plan(snapshot);
            if (condition(plan))
            {
                return snapshot;
            }

            foreach (var action in plan.Actions)
            {
                ref var node = ref _nodes[_index[action.Node]];
                node = Apply(node, action);
            }

            foreach (var question in plan.Probes)
            {
                ref var node = ref _nodes[_index[question.Node]];
                node = Answer(node, question);
            }

            _pass++;
            _now = _now.AddSeconds(10);
            for (var i = 0; i < _nodes.Length; i++)
            {
                // One node in eight gets on in each pass, and not always the same ones together, so that all steps are there at once.
                if (unchecked(((uint)i * 2654435761u) + ((uint)_pass * 2246822519u)) >> 29 == 0)
                {
                    _nodes[i] = CatchUp(_nodes[i]);
                }
            }
        }

        throw new InvalidOperationException("The rollout does not come to an end: see what the planner waits for.");
    }

    /// <summary>What the controller finds out when a plan asks: nothing stands in the way, and every workload has all its pods.</summary>
    private NodeFacts Answer(NodeFacts node, Probe question) => question switch
    {
        Probe.Preflight => node with { Preflight = new() { At = _now, Pods = [] } },
        Probe.Workloads asked => node with
        {
            Workloads = new()
            {
                At = _now,
                Workloads =
                [
                    .. asked.Named.Select(w => new WorkloadState(w.Kind, w.Namespace, w.Name, 20, 20)),
                    .. asked.Of.Select(p => p.Controller).OfType<PodController>().DistinctBy(c => c.Name).Select(c => new WorkloadState(c.Kind, "apps", c.Name, 20, 20)),
                ],
            },
        },
        Probe.Volumes => node with { Volumes = new() { At = _now } },
        _ => throw new InvalidOperationException($"{question.GetType().Name} is not a question that the benchmark can answer."),
    };

    private static NodeFacts Apply(NodeFacts node, NodeAction action) => action switch
    {
        NodeAction.Cordon cordon => node with
        {
            Unschedulable = true,
            CordonedBy = cordon.Policy,
            CordonedAt = cordon.At,
            Pods = node.Pods ?? [.. Enumerable.Range(1, 20).Select(i => Pod(node.Name, i))],
        },
        NodeAction.Uncordon => node with { Unschedulable = false, CordonedBy = null, CordonedAt = null, Pods = null },
        NodeAction.ApplySpec apply => node with { OS = node.OS! with { Spec = apply.Spec, Generation = node.OS.Generation + 1 } },
        NodeAction.EvictPod evict => node with { Pods = [.. node.Pods!.Where(p => p.Uid != evict.PodUid)] },
        _ => throw new InvalidOperationException($"{action.GetType().Name} has no place in a rollout where nothing fails."),
    };

    /// <summary>What agent and kubelet report when they have done what the spec asks.</summary>
    private NodeFacts CatchUp(NodeFacts node)
    {
        if (node.OS is not { Spec: var spec, Status: { } status } os || (status.ObservedGeneration == os.Generation && status.Step != NodeStep.Rebooting))
        {
            return node;
        }

        var next = status with { ObservedGeneration = os.Generation, Attempt = spec.Attempt };
        switch (spec.Goal)
        {
            case Goal.Stage:
                next = next with
                {
                    Step = NodeStep.Staged,
                    Staged = new() { Digest = spec.Image!.Digest, Version = spec.Image.Version, Locked = true },
                    Conditions = [True(ConditionTypes.Ready), True(ConditionTypes.Staged)],
                };
                break;
            case Goal.Boot when status.Step == NodeStep.Staged:
                next = next with { Step = NodeStep.Rebooting };
                break;
            case Goal.Boot when status.Step == NodeStep.Rebooting:
                next = next with
                {
                    Step = NodeStep.Verifying,
                    BootID = node.Name + "-boot-2",
                    Booted = status.Staged! with { Locked = false },
                    Staged = null,
                    Rollback = status.Booted,
                    Timings = new() { BootedAt = _now },
                    Conditions = [True(ConditionTypes.Ready), True(ConditionTypes.HostHealthy)],
                };
                node = node with { BootID = next.BootID, ReadyHeartbeat = _now };
                break;
            case Goal.Observe:
                next = next with { Step = spec.Image?.Digest == status.Booted?.Digest ? NodeStep.Updated : NodeStep.Idle };
                break;
        }

        return node with { OS = os with { Status = next } };
    }

    private NodeFacts Node(int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"node-{number:00000}");
        return new()
        {
            Name = name,
            Uid = name + "-uid",
            CreatedAt = _now.AddMinutes(-number),
            Labels = new Dictionary<string, string>
            {
                ["kubernetes.io/hostname"] = name,
                ["kubernetes.io/os"] = "linux",
                ["kubernetes.io/arch"] = number % 4 == 0 ? "arm64" : "amd64",
                ["node-role.kubernetes.io/edge"] = "",
                ["topology.kubernetes.io/region"] = "eu-central",
                [GrantOrderZone] = string.Create(CultureInfo.InvariantCulture, $"zone-{number % 3}"),
            },
            Ready = true,
            ReadyReason = "KubeletReady",
            ReadyMessage = "kubelet is posting ready status",
            ReadyHeartbeat = _now,
            BootID = name + "-boot-1",
            ResourceVersion = "10",
            OS = new()
            {
                Uid = name + "-os",
                Generation = 1,
                ResourceVersion = "20",
                Status = new()
                {
                    ObservedGeneration = 1,
                    Backend = "ostree",
                    BootID = name + "-boot-1",
                    Booted = new() { Digest = Old, Version = "41" },
                    Conditions = [True(ConditionTypes.Ready)],
                },
            },
        };
    }

    private const string GrantOrderZone = "topology.kubernetes.io/zone";

    private static PodFacts Pod(string node, int number) => new()
    {
        Namespace = "apps",
        Name = string.Create(CultureInfo.InvariantCulture, $"web-{node}-{number}"),
        Uid = string.Create(CultureInfo.InvariantCulture, $"{node}-pod-{number}"),
        GracePeriodSeconds = 30,
        Controller = new(number <= 5 ? "DaemonSet" : "ReplicaSet", "web", "web-uid"),
    };

    private Condition True(string type) => new() { Type = type, Status = ConditionStatus.True, Reason = "Because", Message = "", LastTransitionTime = _now };
}
