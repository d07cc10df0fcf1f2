using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.CrdGenerator.Schema;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;

namespace Ostler.CrdGenerator.Tests.Schema;

/// <summary>Whatever an agent may store in its status, the controller answers with specs and statuses that the API server stores.</summary>
public sealed class AdmittedReportsTests
{
    private const string Policy = "edge";
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly string Old = new('a', 64);
    private static readonly string New = new('b', 64);

    private static readonly string[] Texts =
    [
        "", "x", "Ready", "Staged", "HostHealthy", "PullFailed", "RolledBackByScope", "n-boot-2", Old, New, "sha256:" + New, new('A', 64),
            "not a digest", "\u001b[2J", "1\n2", "é…🙂", new('m', 40_000),
        new('R', 63), new('v', 128), new('r', 1024), "30s", "ostree",
    ];

    private static readonly string[] Times = ["1900-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2026-11-01T11:59:00Z",
        "2026-11-01T12:00:00Z", "2026-11-02T00:00:00Z", "2999-12-31T23:59:59Z"];

    [Fact]
    public void Every_status_that_the_CRD_admits_leads_to_specs_and_statuses_that_the_CRDs_admit()
    {
        var problems = new List<string>();
        var (written, read) = (0, 0);
        for (var seed = 1; seed <= 400 && problems.Count == 0; seed++)
        {
            var random = new Random(seed);
            UpgradePolicyStatus? previous = null;
            foreach (var minutes in (int[])[0, 31, 90])
            {
                var now = Now.AddMinutes(minutes);
                var snapshot = Snapshot(random, now, previous);
                read += snapshot.Nodes.Count(n => n.OS!.Status is not null);
                var plan = RolloutPlanner.Plan(snapshot);
                foreach (var apply in plan.Actions.OfType<NodeAction.ApplySpec>())
                {
                    written++;
                    Check("NodeOS.spec", JsonSerializer.SerializeToNode(new NodeOS { Spec = apply.Spec },
                        OstlerJson.Default.NodeOS)!["spec"]!, $"seed {seed}", problems);
                }

                previous = RolloutStatus.Compute(snapshot, plan);
                var status = new UpgradePolicy { Spec = snapshot.Policy.Spec!, Status = previous };
                Check("UpgradePolicy.status", JsonSerializer.SerializeToNode(status, OstlerJson.Default.UpgradePolicy)!["status"]!,
                    $"seed {seed}", problems);
            }
        }

        Assert.Empty(problems);
        // Nothing is proved by reports that are all refused, or by plans that do nothing.
        Assert.True(written > 400 && read > 2000, $"{written} specs, {read} reports");
    }

    private static RolloutSnapshot Snapshot(Random random, DateTimeOffset now, UpgradePolicyStatus? previous) => new()
    {
        Now = now,
        Policy = new()
        {
            Name = Policy,
            Uid = "policy-uid",
            Generation = 1,
            Spec = new()
            {
                ImageRef = new() { Name = "edge-os" },
                NodeSelector = new() { MatchExpressions = [new() { Key = "none", Operator = LabelOperator.DoesNotExist }] },
                Drift = DriftHandling.Reconcile,
                Rollout = new()
                {
                    MaxUnavailable = IntOrPercent.Percent(100),
                    StageAhead = IntOrPercent.Percent(100),
                    Soak = Duration.Zero
                },
                Rollback = new()
                {
                    Scope = RollbackScope.Policy,
                    MaxFailures = random.Next(2) == 0 ? IntOrPercent.Count(0)
                    : IntOrPercent.Percent(100)
                },
            },
            PreviousStatus = previous,
        },
        Image = new()
        {
            Name = "edge-os",
            Generation = 1,
            Spec = new() { Ostree = new() { Remote = "acme", Url = "https://ostree.acme.example/repo", Ref = "acme/edge" } },
            Status = new()
            {
                ObservedGeneration = 1,
                Resolved = new()
                {
                    Reference = "acme:acme/edge",
                    Digest = New,
                    Version = "42",
                    ResolvedAt = Now.AddHours(-1)
                }
            },
        },
        Nodes = [.. Enumerable.Range(0, 12).Select(i => Node(random, $"n{i:00}"))],
    };

    private static NodeFacts Node(Random random, string name)
    {
        var image = new NodeImage
        {
            Digest = New,
            Version = "42",
            Ostree = new()
            {
                Remote = "acme",
                Url = "https://ostree.acme.example/repo",
                Ref = "acme/edge"
            }
        };
        var previous = new PreviousOS { Digest = Old, Version = "41", BootID = "n-boot-1" };
        var failure = new NodeFailure
        {
            Digest = New,
            Attempt = 1,
            Reason = Reasons.HostCheckFailed,
            At = Now.AddMinutes(-3),
            Evidence = FailureEvidence.Booted
        };
        var upgrade = new NodeUpgrade
        {
            GrantedAt = Now.AddHours(-2),
            BootRequestedAt = Now.AddHours(-2),
            HealthySince = Now.AddHours(-1),
            CompletedAt = Now.AddHours(-1),
            Previous = previous
        };
        var staging = new NodeOSSpec
        {
            Policy = Policy,
            Image = image,
            Attempt = 1,
            Goal = Goal.Stage,
            Deadlines = new() { Staged = Now.AddMinutes(20) }
        };
        var booting = staging with
        {
            Goal = Goal.Boot,
            Previous = previous,
            GrantedAt = Now.AddMinutes(-10),
            BootRequestedAt = Now.AddMinutes(-5),
            Deadlines = new() { Reboot = Now.AddMinutes(10), Healthy = Now.AddMinutes(20) }
        };
        (NodeOSSpec Spec, bool Holds)[] phases =
        [
            (new(), false), (staging, false), (staging, true), (booting, true), (booting with { HealthySince = Now.AddMinutes(-1) }, true),
            (booting with { Goal = Goal.Rollback, Failure = failure, Deadlines = new() { Rollback = Now.AddMinutes(10) } }, true),
            (new() { Policy = Policy, Image = image, Attempt = 1, LastUpgrade = upgrade }, random.Next(2) == 0),
            (new() { Policy = Policy, Image = image, Attempt = 1, Previous = previous, Failure = failure }, true),
        ];
        var (spec, holds) = phases[random.Next(phases.Length)];
        return new()
        {
            Name = name,
            Uid = name + "-uid",
            Ready = random.Next(4) > 0,
            ReadyHeartbeat = Now,
            BootID = random.Next(2) == 0 ? "n-boot-1" : "n-boot-2",
            ResourceVersion = "1",
            Unschedulable = holds,
            CordonedBy = holds ? Policy : null,
            CordonedAt = holds ? Now.AddMinutes(-10) : null,
            Pods = holds ? [] : null,
            Preflight = new() { At = Now, Pods = [] },
            Workloads = new() { At = Now },
            OS = new() { Uid = name, Generation = 1, ResourceVersion = "2", Spec = spec, Status = Status(random, spec.Attempt) },
        };
    }

    // Mostly about the present order: what is about none has little effect.
    private static NodeOSStatus Status(Random random, long attempt)
    {
        var node = new JsonObject { ["status"] = Make(FieldTree.All["NodeOS.status"], random) };
        var problems = new List<string>();
        Check("NodeOS.status", node["status"]!, "", problems);
        Assert.Empty(problems);
        var status = JsonSerializer.Deserialize(node, OstlerJson.Default.NodeOS)!.Status!;
        return random.Next(3) == 0 ? status : status with { Attempt = attempt, ObservedGeneration = 1 };
    }

    private static JsonNode? Make(ValueSchema schema, Random random) => schema.Kind switch
    {
        ValueKind.Object => new JsonObject(schema.Fields.Where(f => f.IsRequired || random.Next(3) > 0).Select(f =>
            KeyValuePair.Create(f.Name, Make(f.Value, random)))),
        ValueKind.List => MakeList(schema, random),
        ValueKind.String => Pick(random, [.. Texts.Where(t => WhyNot(schema, t) is null)]),
        ValueKind.Enum => Pick(random, [.. schema.Members.Select(m => m.Name)]),
        ValueKind.Boolean => random.Next(2) == 0,
        ValueKind.Timestamp => Pick(random, Times),
        ValueKind.Integer => Integers(schema)[random.Next(Integers(schema).Length)],
        var other => throw new NotSupportedException($"{other} in a NodeOS status: teach it here."),
    };

    private static JsonArray MakeList(ValueSchema schema, Random random)
    {
        var count = random.Next(5) == 0 ? schema.MaxItems ?? 3 : random.Next(3);
        var items = Enumerable.Range(0, count).Select(_ => Make(schema.Items!, random));
        return new([.. schema.ListMapKeys is [var key] ? items.DistinctBy(i => i![key]!.GetValue<string>()) : items]);
    }

    private static long[] Integers(ValueSchema schema)
    {
        var most = schema.Type == typeof(long) ? long.MaxValue : int.MaxValue;
        return [.. ((long[])[0, 1, 2, -1, -most - 1, most]).Where(i => i >= (schema.Minimum ?? -most - 1)
            && i <= (schema.Maximum ?? most))];
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];

    private static void Check(string path, JsonNode value, string where, List<string> problems)
    {
        Visit(path, FieldTree.All[path], value);

        void Visit(string at, ValueSchema schema, JsonNode? node)
        {
            switch (schema.Kind)
            {
                case ValueKind.Object:
                    var known = schema.Fields.ToDictionary(f => f.Name);
                    problems.AddRange(schema.Fields.Where(f => f.IsRequired && node![f.Name] is null).Select(f =>
                        $"{where}: {at}.{f.Name} is missing"));
                    foreach (var (name, child) in node!.AsObject())
                    {
                        Visit($"{at}.{name}", known[name].Value, child);
                    }

                    break;
                case ValueKind.List:
                    if (node!.AsArray().Count > (schema.MaxItems ?? int.MaxValue))
                    {
                        problems.Add($"{where}: {at} has {node.AsArray().Count} items");
                    }

                    foreach (var item in node.AsArray())
                    {
                        Visit($"{at}[]", schema.Items!, item);
                    }

                    break;
                case ValueKind.Map:
                    foreach (var (_, item) in node!.AsObject())
                    {
                        Visit($"{at}{{}}", schema.Items!, item);
                    }

                    break;
                case ValueKind.Integer:
                    if (node!.GetValue<long>() is var number && (number < schema.Minimum || number > schema.Maximum))
                    {
                        problems.Add(string.Create(CultureInfo.InvariantCulture, $"{where}: {at} is {number}"));
                    }

                    break;
                case ValueKind.Boolean or ValueKind.IntOrPercent:
                    break;
                default:
                    if (WhyNot(schema, node!.GetValue<string>()) is { } why)
                    {
                        problems.Add($"{where}: {at} {why}: {node.ToJsonString()[..Math.Min(80, node.ToJsonString().Length)]}");
                    }

                    break;
            }
        }
    }

    // Lengths are counted in characters, as the API server does.
    private static string? WhyNot(ValueSchema schema, string text)
    {
        var length = text.EnumerateRunes().Count();
        return length > (schema.MaxLength ?? int.MaxValue) ? $"is longer than {schema.MaxLength}"
            : length < (schema.MinLength ?? 0) ? $"is shorter than {schema.MinLength}"
            : schema.Kind == ValueKind.Enum && schema.Members.All(m => m.Name != text) ? "is no such word"
            : schema.Pattern is { } pattern && !Regex.IsMatch(text, pattern.Replace("$", "\\z", StringComparison.Ordinal))
                ? $"does not match {pattern}"
            : null;
    }
}
