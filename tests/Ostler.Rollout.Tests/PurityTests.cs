using System.Reflection;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests;

public class PurityTests
{
    [Fact]
    public void The_assembly_of_decisions_references_the_wire_types_cron_and_the_base_library_only()
    {
        var references = typeof(RolloutPlanner).Assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(n => n != typeof(NodeOS).Assembly.GetName().Name);

        // Of JSON, addresses and PEM the parsers; what could reach out is banned by name (BannedSymbols.txt).
        string[] allowed =
        [
            "System.Runtime", "System.Collections", "System.Linq", "System.Memory", "System.Runtime.InteropServices", "System.Text.Json",
            "System.Net.Primitives", "System.Security.Cryptography", "System.Text.Encodings.Web", "System.Formats.Asn1", "Cronos", "BouncyCastle.Cryptography",
        ];
        Assert.All(references, name => Assert.Contains(name, allowed));
    }

    [Fact]
    public void No_decision_keeps_state_in_a_static_field()
    {
        var mutable = typeof(RolloutPlanner).Assembly.GetTypes()
            .Where(t => t.Namespace?.StartsWith("Ostler.Rollout", StringComparison.Ordinal) == true && !t.Name.Contains('<'))
            .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(f => !f.IsInitOnly && !f.IsLiteral && !f.Name.Contains('<'));

        Assert.Empty(mutable);
    }

    [Fact]
    public void The_same_snapshot_in_any_order_of_nodes_gives_the_same_plan()
    {
        NodeFacts[] nodes = [Given.Staged("n3"), Given.Idle("n1"), Given.Cordoned("n2", Given.Pod("web")), Given.Soaking("n4", 60), Given.Staged("n5")];
        var wide = Given.Snapshot(nodes).With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(4) } });

        var one = RolloutPlanner.Plan(wide);
        var other = RolloutPlanner.Plan(wide with { Nodes = [.. nodes.Reverse()] });

        Assert.Equal(one.Actions.Select(a => a.ToString()), other.Actions.Select(a => a.ToString()));
        Assert.Equal(one.Nodes.Select(n => n with { Drain = null }), other.Nodes.Select(n => n with { Drain = null }));
    }
}
