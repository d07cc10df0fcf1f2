using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>A gate of a random rollout, and when it is closed.</summary>
internal sealed record CaseGate
{
    public GatePoint At { get; init; }

    /// <summary>Whether it decides for each node by itself; then it is closed for the first node only.</summary>
    public bool OfNodes { get; init; }

    public int ForSeconds { get; init; }

    public GateErrorHandling OnError { get; init; }

    /// <summary>What it answers instead of yes.</summary>
    public CheckOutcome Says { get; init; } = CheckOutcome.False;

    /// <summary>When it begins to, in minutes, and for how long each time. In between it answers yes for as long.</summary>
    public int From { get; init; }

    public int Minutes { get; init; } = 5;

    public int Times { get; init; } = 1;

    public static CaseGate From_(SeededSequence random)
    {
        var ofNodes = random.Below(4) == 0;
        return new()
        {
            OfNodes = ofNodes,
            At = ofNodes ? GatePoint.Slot : (GatePoint)(random.Below(5) % 3),
            ForSeconds = random.Below(3) * 90,
            OnError = (GateErrorHandling)random.Below(2),
            Says = (CheckOutcome)(1 + random.Below(3)),
            From = random.Below(40) - 1,
            Minutes = 2 + random.Below(90),
            Times = 1 + random.Below(3),
        };
    }

    public override string ToString() =>
        $"gate at {At}{(OfNodes ? " of nodes" : "")} for {ForSeconds}s, onError {OnError}: "
        + $"{Says} from {From}m for {Minutes}m, {Times} times";

    public string ToCode() =>
        $"new() {{ At = GatePoint.{At}, OfNodes = {(OfNodes ? "true" : "false")}, ForSeconds = {ForSeconds}, "
        + $"OnError = GateErrorHandling.{OnError}, "
        + $"Says = CheckOutcome.{Says}, From = {From}, Minutes = {Minutes}, Times = {Times} }}";

    public GateSpec Spec(int index) => new()
    {
        Name = NameOf(index),
        At = At,
        For = Duration.FromSeconds(ForSeconds),
        OnError = OnError,
        Interval = Duration.FromSeconds(20),
        Pods = OfNodes ? new()
        {
            Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "backup" } },
            Absent = true,
            Scope = GateScope.Node
        } : null,
        Http = OfNodes ? null : new() { Url = "https://change.acme.example/ok", From = HttpCheckOrigin.Controller },
    };

    public IEnumerable<SimulationFault> Faults(int index, TimeSpan lifted)
    {
        var node = OfNodes ? "n1" : null;
        for (var i = 0; i < Times; i++)
        {
            var at = TimeSpan.FromMinutes(From + (2 * i * Minutes));
            yield return new SimulationFault.GateSays(at < TimeSpan.Zero ? TimeSpan.Zero : at, NameOf(index), Says, node);
            yield return new SimulationFault.GateSays(
                TimeSpan.FromMinutes(From + (((2 * i) + 1) * Minutes)), NameOf(index), CheckOutcome.Passed, node);
        }

        yield return new SimulationFault.GateSays(lifted, NameOf(index), CheckOutcome.Passed, node);
    }

    private static string NameOf(int index) => string.Create(CultureInfo.InvariantCulture, $"gate-{index}");
}
