using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.UpgradePolicies;
using Ostler.Kubernetes.Core;

namespace Ostler.Controller.Tests.UpgradePolicies;

public sealed class SelectorIndexTests
{
    private static readonly string[] Keys = ["pool", "zone", "arch"];
    private static readonly string[] Values = ["a", "b", "c"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void After_any_changes_it_is_what_matching_everything_gives(int seed)
    {
        var random = new Random(seed);
        var index = new SelectorIndex();
        List<UpgradePolicy> policies = [.. Enumerable.Range(0, 8).Select(i => Given.Policy($"p{i}") with { Spec = Selecting(random) })];
        List<Node> nodes = [.. Enumerable.Range(0, 30).Select(i => Given.Node($"n{i}", labels: Labels(random)))];
        for (var step = 0; step < 200; step++)
        {
            Change(random, policies, nodes, step);

            // As of an informer: the same list while nothing has changed, and new objects with the same content after a write of status.
            index.Update([.. policies], [.. nodes]);

            foreach (var node in nodes)
            {
                var expected = policies.Where(p => p.Spec.NodeSelector.Matches(node.Metadata.Labels)).Select(p => p.Metadata.Name);
                Assert.Equal(expected.Order(StringComparer.Ordinal), index.PoliciesOf(node.Name));
            }

            Assert.Empty(index.PoliciesOf("gone"));
        }
    }

    [Fact]
    public void Labels_are_read_once_until_they_or_a_selector_change()
    {
        var labels = new CountedLabels { ["pool"] = "a" };
        var index = new SelectorIndex();
        UpgradePolicy[] policies = [Given.Policy("edge", labels: Pool("a")), Given.Policy("core", labels: Pool("b"))];
        Node[] nodes = [Given.Node("n", labels: labels)];
        index.Update(policies, nodes);
        var first = labels.Reads;

        index.Update([.. policies.Select(p => p with { Status = new() })], [nodes[0] with { Status = new() }]);
        Assert.Equal(first, labels.Reads);
        index.Update([policies[0], policies[1] with { Spec = policies[0].Spec }], nodes);

        Assert.InRange(first, 2, 2);
        Assert.Equal(first + 1, labels.Reads);
        Assert.Equal(["core", "edge"], index.PoliciesOf("n"));
    }

    [Fact]
    public void A_node_that_is_gone_selects_nothing_and_may_come_back_with_other_labels()
    {
        var index = new SelectorIndex();
        UpgradePolicy[] policies = [Given.Policy("edge", labels: Pool("a"))];
        index.Update(policies, [Given.Node("n", labels: Pool("a"))]);
        Assert.Equal(["edge"], index.PoliciesOf("n"));

        index.Update(policies, []);
        Assert.Empty(index.PoliciesOf("n"));

        index.Update(policies, [Given.Node("n", labels: Pool("b"))]);
        Assert.Empty(index.PoliciesOf("n"));
    }

    private static void Change(Random random, List<UpgradePolicy> policies, List<Node> nodes, int step)
    {
        switch (random.Next(7))
        {
            case 0:
                policies.Add(Given.Policy($"q{step}") with { Spec = Selecting(random) });
                break;
            case 1 when policies.Count > 0:
                policies.RemoveAt(random.Next(policies.Count));
                break;
            case 2 when policies.Count > 0:
                var edited = random.Next(policies.Count);
                policies[edited] = policies[edited] with { Spec = Selecting(random) };
                break;
            case 3:
                nodes.Add(Given.Node($"m{step}", labels: Labels(random)));
                break;
            case 4 when nodes.Count > 0:
                nodes.RemoveAt(random.Next(nodes.Count));
                break;
            case 5 when nodes.Count > 0:
                var relabeled = random.Next(nodes.Count);
                nodes[relabeled] = Given.Node(nodes[relabeled].Name, labels: Labels(random));
                break;
            default:
                // A replacement: as many as before, and not the same ones.
                if (policies.Count > 0 && nodes.Count > 0)
                {
                    policies[0] = Given.Policy($"r{step}") with { Spec = Selecting(random) };
                    nodes[0] = Given.Node($"o{step}", labels: Labels(random));
                }

                break;
        }
    }

    private static string One(Random random, string[] of) => of[random.Next(of.Length)];

    private static Dictionary<string, string> Pool(string pool) => new() { ["pool"] = pool };

    private static Dictionary<string, string>? Labels(Random random) =>
        random.Next(10) == 0 ? null : Keys.Where(_ => random.Next(3) > 0).ToDictionary(k => k, _ => Values[random.Next(Values.Length)]);

    private static UpgradePolicySpec Selecting(Random random)
    {
        var operation = (LabelOperator)random.Next(4);
        var hasValues = operation is LabelOperator.In or LabelOperator.NotIn;
        return Given.Policy("x").Spec with
        {
            NodeSelector = new()
            {
                MatchLabels = random.Next(2) == 0 ? null : new Dictionary<string, string> { [One(random, Keys)] = One(random, Values) },
                MatchExpressions = random.Next(2) == 0
                    ? null
                    : [new() { Key = One(random, Keys), Operator = operation, Values = hasValues ? [One(random, Values)] : null }],
            },
        };
    }

    /// <summary>Labels that count how often a value is looked up.</summary>
    private sealed class CountedLabels : IReadOnlyDictionary<string, string>
    {
        private readonly Dictionary<string, string> _labels = [];

        public int Reads { get; private set; }

        public int Count => _labels.Count;

        public IEnumerable<string> Keys => _labels.Keys;

        public IEnumerable<string> Values => _labels.Values;

        public string this[string key]
        {
            get => _labels[key];
            set => _labels[key] = value;
        }

        public bool ContainsKey(string key) => _labels.ContainsKey(key);

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value)
        {
            Reads++;
            return _labels.TryGetValue(key, out value);
        }

        public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _labels.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
