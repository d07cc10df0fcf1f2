using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ostler.Architecture.Tests;

/// <summary>
/// Nothing decides by default about what a node is to do. A switch expression over an enum does not compile without an arm for each member
/// (CS8509); what the compiler cannot see is held here: no arm for the rest, unless it throws or reports the order as Invalid, and no switch
/// statement that passes over what it does not name. The simulation is held to the same: a fault or a step that it passes over proves
/// nothing.
/// </summary>
public sealed class DefaultArmTests
{
    /// <summary>The types whose members lead to an action, and for which a forgotten member would be decided like another one.</summary>
    private static readonly HashSet<string> Deciding = new(StringComparer.Ordinal)
    {
        "AgentAction", "CheckKind", "CheckOutcome", "CheckRunner", "ConditionOperator", "DrainTimeoutAction", "EvictionOutcome", "Finalization",
        "Goal", "HostProbe", "HostStep", "HostWork", "Kind", "Milestone", "NodeAction", "NodeStep", "NodeTally", "NodeWish", "Probe",
        "RebootKind", "RollbackScope", "SimulatedBoot", "SimulatedStep", "SimulationFault", "UnmanagedPods", "WatchdogStep",
    };

    private static readonly string[] Folders = ["src/Ostler.Rollout/", "src/Ostler.Simulation/", "src/Ostler.Controller/", "src/Ostler.Agent/"];

    private static IEnumerable<SourceFile> Files => Sources.All.Where(f => Folders.Any(d => f.Path.StartsWith(d, StringComparison.Ordinal)));

    [Fact]
    public void Nothing_is_decided_by_a_default_arm() => Breaches.None(Files.SelectMany(f => BreachesOf(f.Unit).Select(b => $"{f.Path}:{b}")));

    [Theory]
    [InlineData("_ = goal switch { Goal.Boot => 1, _ => 2 };", true)]
    [InlineData("_ = goal switch { Goal.Boot => 1, Goal.Observe => 2 };", false)]
    [InlineData("_ = goal switch { Goal.Boot => 1, _ => throw new Exception() };", false)]
    [InlineData("_ = (goal, x) switch { (Goal.Boot, _) => 1, (_, 1) => 2, _ => 2 };", true)]
    [InlineData("_ = node switch { { Spec.Goal: Goal.Boot } => 1, var other => 2 };", true)]
    [InlineData("_ = text switch { \"a\" => 1, _ => 2 };", false)]
    [InlineData("switch (action) { case NodeAction.Cordon c: Do(c); break; }", true)]
    [InlineData("switch (action) { case NodeAction.Cordon c: Do(c); break; default: Do(null); break; }", true)]
    [InlineData("switch (action) { case NodeAction.Cordon c: Do(c); break; default: throw new Exception(); }", false)]
    [InlineData("switch (action) { case NodeAction.Cordon c: Do(c); break; case var other: throw new Exception(); }", false)]
    [InlineData("switch (action) { case NodeAction.Cordon c: Do(c); break; case var other when x: throw new Exception(); }", true)]
    [InlineData("_ = goal switch { Goal.Boot => 1, _ => Invalid(\"unknown\") };", false)]
    [InlineData("_ = goal switch { Goal.Boot => 1, _ => Valid(\"unknown\") };", true)]
    public void A_breach_is_seen(string statement, bool isBreach) => Assert.Equal(isBreach, BreachesOf(SyntaxFactory.ParseStatement(statement)).Any());

    private static IEnumerable<string> BreachesOf(SyntaxNode root)
    {
        foreach (var node in root.DescendantNodesAndSelf().OfType<SwitchExpressionSyntax>())
        {
            if (Decides(node.Arms.Select(a => (SyntaxNode)a.Pattern)) is { } type
                && node.Arms.FirstOrDefault(a => IsRest(a) && !Refuses(a.Expression)) is { } rest)
            {
                yield return $"{LineOf(rest)}: the arm for the rest decides about a {type}. Name the members, or throw.";
            }
        }

        foreach (var node in root.DescendantNodesAndSelf().OfType<SwitchStatementSyntax>())
        {
            if (Decides(node.Sections.SelectMany(s => s.Labels)) is { } type
                && !node.Sections.Any(s => s.Labels.Any(IsRest) && s.Statements is [ThrowStatementSyntax]))
            {
                yield return $"{LineOf(node)}: the statement passes over a {type} that it does not name. Throw by default, or use a switch expression.";
            }
        }
    }

    private static bool IsRest(SwitchExpressionArmSyntax arm) => arm.Pattern is DiscardPatternSyntax or VarPatternSyntax && arm.WhenClause is null;

    private static bool IsRest(SwitchLabelSyntax label) =>
        label is DefaultSwitchLabelSyntax or CasePatternSwitchLabelSyntax { Pattern: VarPatternSyntax, WhenClause: null };

    private static bool Refuses(ExpressionSyntax arm) =>
        arm is ThrowExpressionSyntax or InvocationExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Invalid" } };

    private static string? Decides(IEnumerable<SyntaxNode> patterns) =>
        patterns.SelectMany(p => p.DescendantNodesAndSelf()).Select(n => n switch
        {
            MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax owner } => owner.Identifier.Text,
            QualifiedNameSyntax { Left: IdentifierNameSyntax owner } => owner.Identifier.Text,
            _ => null,
        }).FirstOrDefault(t => t is not null && Deciding.Contains(t));

    private static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
}
