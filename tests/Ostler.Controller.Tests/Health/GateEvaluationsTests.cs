using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Health;
using Ostler.Rollout.Health;
using Ostler.Rollout.Planner;
using Ostler.Testing.Checks;
using Ostler.Testing.Waiting;

namespace Ostler.Controller.Tests.Health;

/// <summary>Gates beside the reconciles: whatever the server does, no answer is older than it says, and nothing waits.</summary>
public sealed class GateEvaluationsTests : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(17);
    private static readonly TimeSpan GateTimeout = TimeSpan.FromSeconds(5);
    private static readonly LabelSelector Nodes = new() { MatchLabels = new Dictionary<string, string> { ["pool"] = "edge" } };

    private readonly TestClock _clock = new(Given.Now);
    private readonly Channel<string> _changed = Channel.CreateUnbounded<string>();
    private readonly GateEvaluations _gates;
    private EvaluateGate _evaluate = (_, _) => Task.FromResult(new GateFinding(CheckFinding.Pass("well")));

    public GateEvaluationsTests() => _gates = new(
        (subject, cancel) => _evaluate(subject, cancel), policy =>
            _changed.Writer.TryWrite(policy), _clock, NullLogger<GateEvaluations>.Instance);

    public ValueTask DisposeAsync() => _gates.DisposeAsync();

    [Fact]
    public async Task A_flapping_gate_wakes_the_policy_at_each_turn_and_counts_from_the_last()
    {
        var findings = new Queue<CheckFinding>(
            [CheckFinding.Pass("well"), CheckFinding.Pass("well"), CheckFinding.No("1 alert active"), CheckFinding.Pass("well"),
                CheckFinding.Pass("well")]);
        _evaluate = (_, _) => Task.FromResult(new GateFinding(findings.Dequeue()));
        _gates.Retain("edge", [Subject(Gate)]);

        List<(CheckOutcome, double?)> seen = [];
        for (var i = 0; i < 5; i++)
        {
            if (i > 0)
            {
                _clock.Advance(Interval);
            }

            await _clock.WaitedForAsync(Interval);
            var whole = Assert.Single(_gates.Of("edge", [Gate], Nodes)).Whole;
            seen.Add((whole.Finding.Outcome, (whole.HeldSince - Given.Now)?.TotalSeconds));
        }

        Assert.Equal([(CheckOutcome.Passed, 0), (CheckOutcome.Passed, 0), (CheckOutcome.False, null), (CheckOutcome.Passed, 51),
            (CheckOutcome.Passed, 51)], seen);
        Assert.Equal(3, Woken());
    }

    [Fact]
    public async Task A_server_that_hangs_closes_its_gate_within_the_timeout()
    {
        _evaluate = Hang;
        _gates.Retain("edge", [Subject(Gate)]);

        await _clock.PassAsync(GateTimeout);
        await _clock.WaitedForAsync(Interval);

        var seen = Assert.Single(_gates.Of("edge", [Gate], Nodes));
        Assert.Equal((CheckOutcome.Error, "no answer within 5s"), (seen.Whole.Finding.Outcome, seen.Whole.Finding.Message));
        // As old as when it was asked, and not as when it was given up.
        Assert.Equal(Given.Now, seen.At);
    }

    [Fact]
    public async Task A_gate_that_a_slot_waits_for_is_evaluated_at_once_and_wakes_the_policy_whatever_it_says()
    {
        _gates.Retain("edge", [Subject(Gate)]);
        await _clock.WaitedForAsync(Interval);
        Assert.Equal(1, Woken());
        _clock.Advance(TimeSpan.FromSeconds(3));

        _gates.Retain("edge", [Subject(Gate) with { Now = true }]);
        await _clock.WaitedForAsync(Interval);

        Assert.Equal(Given.Now.AddSeconds(3), Assert.Single(_gates.Of("edge", [Gate], Nodes)).At);
        Assert.Equal(1, Woken());
    }

    [Fact]
    public async Task A_gate_that_dies_is_an_error_and_is_evaluated_again()
    {
        var tries = 0;
        _evaluate = (_, _) =>
            ++tries == 1 ? throw new InvalidOperationException("a bug") : Task.FromResult(new GateFinding(CheckFinding.Pass()));
        _gates.Retain("edge", [Subject(Gate)]);

        await _clock.WaitedForAsync(Interval);
        Assert.Equal("its evaluation ended unexpectedly: a bug", Assert.Single(_gates.Of("edge", [Gate], Nodes)).Whole.Finding.Message);
        _clock.Advance(Interval);
        await _clock.WaitedForAsync(Interval);
        Assert.Equal(CheckOutcome.Passed, Assert.Single(_gates.Of("edge", [Gate], Nodes)).Whole.Finding.Outcome);
    }

    public static TheoryData<string> Changes => ["query", "hold", "nodes"];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_was_found_for_another_spec_counts_for_nothing(string what)
    {
        _gates.Retain("edge", [Subject(Gate)]);
        await _clock.WaitedForAsync(Interval);
        Assert.Single(_gates.Of("edge", [Gate], Nodes));
        _evaluate = Hang;
        var (gate, nodes) = what switch
        {
            "query" => (Gate with { Prometheus = Gate.Prometheus! with { Query = "down" } }, Nodes),
            "hold" => (Gate with { For = Duration.FromMinutes(1) }, Nodes),
            _ => (Gate, new LabelSelector { MatchLabels = new Dictionary<string, string> { ["pool"] = "other" } }),
        };

        Assert.Empty(_gates.Of("edge", [gate], nodes));
        _gates.Retain("edge", [new(gate, nodes)]);
        Assert.Empty(_gates.Of("edge", [gate], nodes));
    }

    [Fact]
    public async Task The_same_spec_read_again_goes_on_as_before()
    {
        _gates.Retain("edge", [Subject(Gate)]);
        await _clock.WaitedForAsync(Interval);

        _gates.Retain("edge", [Subject(Gate)]);

        Assert.Single(_gates.Of("edge", [Gate], Nodes));
        _gates.Retain("edge", []);
        Assert.Empty(_gates.Of("edge", [Gate], Nodes));
    }

    private static async Task<GateFinding> Hang(GateSubject subject, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return new(CheckFinding.Pass());
    }

    // Another object each time, as when the policy was read again.
    private static GateSpec Gate => GateSamples.Valid("prometheus") with { Interval = new(Interval), Timeout = new(GateTimeout) };

    private static GateSubject Subject(GateSpec gate) => new(gate, Nodes);

    private int Woken()
    {
        var count = 0;
        while (_changed.Reader.TryRead(out _))
        {
            count++;
        }

        return count;
    }
}
