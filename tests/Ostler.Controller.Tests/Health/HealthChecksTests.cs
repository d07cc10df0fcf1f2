using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Controller.Health;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;
using Ostler.Testing.Waiting;

namespace Ostler.Controller.Tests.Health;

public sealed class HealthChecksTests : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(17);
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(5);

    private readonly TestClock _clock = new(Given.Now);
    private readonly Channel<string> _changed = Channel.CreateUnbounded<string>();
    private readonly List<string> _failed = [];
    private readonly HealthChecks _checks;
    private RunCheck _make = (_, _, _) => Task.FromResult(CheckFinding.Pass());

    public HealthChecksTests() => _checks = new(
        (subject, check, cancel) => _make(subject, check, cancel),
        policy => _changed.Writer.TryWrite(policy),
        (kind, outcome) => _failed.Add($"{kind} {outcome}"),
        _clock,
        NullLogger<HealthChecks>.Instance);

    public ValueTask DisposeAsync() => _checks.DisposeAsync();

    [Fact]
    public async Task A_check_is_made_at_once_and_then_at_its_interval_and_news_wake_the_policy()
    {
        var findings = new Queue<CheckFinding>(
            [CheckFinding.Error("refused"), CheckFinding.Error("refused"), CheckFinding.Error("refused"), CheckFinding.No("0.3"), CheckFinding.Missing("none"), CheckFinding.Pass(), CheckFinding.Pass(), CheckFinding.Pass()]);
        _make = (_, _, _) => Task.FromResult(findings.Dequeue());
        var subject = Subject("n1", Check("web", successes: 2));
        _checks.Retain("edge", [subject]);

        List<(CheckOutcome, int, string)> seen = [];
        while (findings.Count > 0)
        {
            await _clock.WaitedForAsync(Interval);
            var last = Assert.Single(_checks.Of("edge", subject));
            seen.Add((last.Outcome, last.InARow, last.Message));
            Assert.Equal(_clock.GetUtcNow(), last.At);
            _clock.Advance(Interval);
        }

        await _clock.WaitedForAsync(Interval);
        Assert.Equal(
            [
                (CheckOutcome.Error, 1, "refused"), (CheckOutcome.Error, 2, "refused"), (CheckOutcome.Error, 3, "refused"), (CheckOutcome.False, 1, "0.3"),
                (CheckOutcome.Missing, 1, "none"), (CheckOutcome.Passed, 1, ""), (CheckOutcome.Passed, 2, ""),
            ],
            seen);
        Assert.Equal(["http Error", "http Error", "http Error", "http False", "http Missing"], _failed);

        // The first, the third error in a row, no, missing, and both passes that were wanted; neither the second error nor the third pass.
        Assert.Equal(6, Woken());
    }

    [Fact]
    public async Task A_check_that_hangs_is_an_error_when_its_time_is_up()
    {
        _make = async (_, _, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return CheckFinding.Pass();
        };
        var subject = Subject("n1", Check("web"));
        _checks.Retain("edge", [subject]);

        await _clock.PassAsync(CheckTimeout);
        await _clock.WaitedForAsync(Interval);

        var seen = Assert.Single(_checks.Of("edge", subject));
        Assert.Equal((CheckOutcome.Error, "no result within 5s"), (seen.Outcome, seen.Message));
    }

    [Fact]
    public async Task A_check_that_dies_is_an_error_and_is_made_again()
    {
        var tries = 0;
        _make = (_, _, _) => ++tries == 1 ? throw new InvalidOperationException("a bug") : Task.FromResult(CheckFinding.Pass());
        var subject = Subject("n1", Check("web"));
        _checks.Retain("edge", [subject]);

        await _clock.WaitedForAsync(Interval);
        Assert.Equal("it ended unexpectedly: a bug", Assert.Single(_checks.Of("edge", subject)).Message);
        _clock.Advance(Interval);
        await _clock.WaitedForAsync(Interval);
        Assert.Equal(CheckOutcome.Passed, Assert.Single(_checks.Of("edge", subject)).Outcome);
    }

    public static TheoryData<string> Changes => ["attempt", "boot", "node", "check", "address"];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_was_found_of_another_boot_or_by_another_check_counts_for_nothing(string what)
    {
        var subject = Subject("n1", Check("web"));
        _checks.Retain("edge", [subject]);
        await _clock.WaitedForAsync(Interval);
        Assert.Single(_checks.Of("edge", subject));
        var asked = new TaskCompletionSource();
        _make = async (_, _, cancel) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, cancel);
            return CheckFinding.Pass();
        };

        var changed = what switch
        {
            "attempt" => subject with { Epoch = subject.Epoch with { Attempt = 2 } },
            "boot" => subject with { Epoch = subject.Epoch with { BootID = "other" } },
            "node" => subject with { Epoch = subject.Epoch with { NodeUid = "other" } },
            "address" => subject with { Address = "192.0.2.8" },
            _ => subject with { Checks = [Check("web") with { Http = new() { Url = "http://elsewhere/" } }] },
        };
        _checks.Retain("edge", [changed]);

        await asked.Task.WaitAsync(Given.Cancel);
        Assert.Empty(_checks.Of("edge", changed));
    }

    [Fact]
    public async Task A_node_that_is_told_of_again_is_checked_on_as_before()
    {
        var tries = 0;
        _make = (_, _, _) => Task.FromResult(CheckFinding.Pass($"{++tries}"));
        var subject = Subject("n1", Check("web"));
        _checks.Retain("edge", [subject]);
        await _clock.WaitedForAsync(Interval);

        _checks.Retain("edge", [Subject("n1", Check("web"))]);
        _checks.Retain("other", []);

        Assert.Equal("1", Assert.Single(_checks.Of("edge", subject)).Message);
        Assert.Equal(1, tries);
    }

    [Fact]
    public async Task A_node_that_is_not_told_of_any_more_is_not_checked_any_more_and_a_try_under_way_is_given_up()
    {
        var begun = new TaskCompletionSource();
        var givenUp = new TaskCompletionSource();
        _make = async (_, _, cancel) =>
        {
            begun.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancel);
            }
            finally
            {
                givenUp.SetResult();
            }

            return CheckFinding.Pass();
        };
        var subject = Subject("n1", Check("web"));
        _checks.Retain("edge", [subject]);
        await begun.Task.WaitAsync(Given.Cancel);

        _checks.Retain("edge", []);

        await givenUp.Task.WaitAsync(Given.Cancel);
        Assert.Empty(_checks.Of("edge", subject));
        Assert.Equal(0, Woken());
        Assert.Empty(_failed);
    }

    [Fact]
    public async Task A_policy_that_was_edited_into_something_invalid_is_still_checked()
    {
        var subject = Subject("n1", Check("web"), Check("web") with { Interval = Duration.Zero }) with { };
        var strange = subject with { Checks = [Check("web") with { Interval = Duration.Zero, Timeout = Duration.Zero }, Check("web")] };
        _checks.Retain("edge", [strange]);

        await _clock.WaitedForAsync(CheckKinds.Shortest);
        await UntilAsync(() => _checks.Of("edge", strange).Count > 0);

        Assert.All(_checks.Of("edge", strange), s => Assert.Equal(CheckOutcome.Passed, s.Outcome));
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await _changed.Reader.ReadAsync(Given.Cancel);
        }
    }

    private int Woken()
    {
        var count = 0;
        while (_changed.Reader.TryRead(out _))
        {
            count++;
        }

        return count;
    }

    private static CheckSubject Subject(string node, params HealthCheck[] checks) =>
        new() { Node = node, Epoch = new($"uid-{node}", 1, "boot-1"), Address = "192.0.2.7", Checks = checks };

    private static HealthCheck Check(string name, int successes = 1) => new()
    {
        Name = name,
        Http = new() { Url = "http://{address}/", From = HttpCheckOrigin.Controller },
        Interval = Interval,
        Timeout = CheckTimeout,
        Successes = successes,
    };
}
