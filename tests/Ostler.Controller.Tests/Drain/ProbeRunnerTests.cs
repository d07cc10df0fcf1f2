using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Ostler.Controller.Drain;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Drain;

public sealed class ProbeRunnerTests
{
    private readonly FakeTimeProvider _time = new(Given.Now);
    private readonly ProbeCache _answers;

    public ProbeRunnerTests() => _answers = new(_time);

    public static TheoryData<Probe> Questions => new()
    {
        new Probe.Preflight("n1", "uid-n1", Given.Now),
        new Probe.Workloads("n1", "uid-n1", Given.Now) { Named = [new() { Kind = "Deployment", Namespace = "apps", Name = "web" }] },
        new Probe.Volumes("n1", "uid-n1", Given.Now, []),
    };

    [Fact]
    public void Every_question_there_is_is_asked_here() => Assert.Equal(
        typeof(Probe).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Probe)) && !t.IsAbstract).Select(t => t.Name).Order(StringComparer.Ordinal),
        Questions.Select(q => q.Data.GetType().Name).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Questions))]
    public async Task A_question_that_cannot_be_asked_is_answered_with_why(Probe question)
    {
        await using var server = Given.Server((_, response) => response.StatusAsync(403, "Forbidden", "no right"));

        Assert.True(await AskAsync(server, question));

        Assert.Contains("no right", Error(), StringComparison.Ordinal);
        Assert.Null(_answers.With(Facts("another-uid")).Preflight);
    }

    [Theory, MemberData(nameof(Questions))]
    public async Task A_server_that_does_not_answer_holds_nobody_up_for_long(Probe question)
    {
        await using var server = new ScriptedServer((_, _, hangUp) => Task.Delay(Timeout.Infinite, hangUp));
        var asking = AskAsync(server, question);
        await server.NextRequestAsync(Given.Cancel);

        _time.Advance(TimeSpan.FromSeconds(15));

        Assert.True(await asking);
        Assert.Equal("no answer within 15 s", Error());
    }

    [Fact]
    public async Task Failures_in_a_row_are_counted_until_one_is_answered()
    {
        var refuse = true;
        await using var server = Given.Server((_, response) =>
            refuse ? response.StatusAsync(403, "Forbidden") : response.JsonAsync("""{"metadata":{"resourceVersion":"1"},"items":[]}"""));
        var question = new Probe.Volumes("n1", "uid-n1", Given.Now, []);

        var counts = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            refuse = i != 2;
            await AskAsync(server, question);
            counts.Add(_answers.With(Facts("uid-n1")).Volumes!.Failures);
        }

        Assert.Equal([1, 2, 0, 1], counts);
    }

    [Fact]
    public async Task What_is_not_due_is_not_asked()
    {
        await using var server = Given.Server((request, _) => throw new InvalidOperationException(request.ToString()));

        Assert.False(await AskAsync(server, new Probe.Preflight("n1", "uid-n1", Given.Now.AddSeconds(1))));
        Assert.Empty(server.Received);
    }

    [Fact]
    public void An_answer_that_nobody_asks_for_any_more_is_forgotten()
    {
        _answers.Set("uid-n1", new PreflightFacts { At = Given.Now });
        _time.Advance(TimeSpan.FromMinutes(29));
        _answers.Prune();
        Assert.NotNull(_answers.With(Facts("uid-n1")).Preflight);

        _time.Advance(TimeSpan.FromMinutes(2));
        _answers.Prune();

        Assert.Null(_answers.With(Facts("uid-n1")).Preflight);
    }

    private string? Error()
    {
        var facts = _answers.With(Facts("uid-n1"));
        return facts.Preflight?.Error ?? facts.Workloads?.Error ?? facts.Volumes?.Error;
    }

    private static NodeFacts Facts(string uid) => new() { Name = "n1", Uid = uid };

    private async Task<bool> AskAsync(ScriptedServer server, Probe question)
    {
        using var client = Given.Client(server);
        var questions = new ProbeRunner(
            new(
                client, new(client, _time), Given.Lister<Node>(CoreResources.Nodes), Given.Lister<Namespace>(CoreResources.Namespaces),
                new("ostler-system", Given.Lister<Node>(CoreResources.Nodes)), _time),
            new(client, _time),
            new(client, _time),
            _answers,
            _time,
            NullLogger<ProbeRunner>.Instance);
        var snapshot = new RolloutSnapshot { Now = Given.Now, Policy = new() { Name = "edge", Spec = Given.Policy("edge").Spec }, Nodes = [] };
        return await questions.AskAsync(snapshot, new() { Actions = [], Nodes = [], Probes = [question] }, Given.Cancel);
    }
}
