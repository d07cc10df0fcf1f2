using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Shared;
using Ostler.Controller.Health;
using Ostler.Rollout.Health;
using Ostler.Testing.Prometheus;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Health;

/// <summary>Debian's Prometheus, one for the class: nothing is written to it.</summary>
public sealed class RealPrometheusFixture : IAsyncLifetime
{
    public PrometheusServer? Server { get; private set; }

    public string WhyNot { get; private set; } = "";

    public async ValueTask InitializeAsync() => (Server, WhyNot) = await PrometheusServer.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Server?.DisposeAsync() ?? default;
}

/// <summary>What a real server answers, so that the scripts of the other tests are not our own idea of it.</summary>
public sealed class RealPrometheusTests(RealPrometheusFixture fixture) : IClassFixture<RealPrometheusFixture>
{
    public static TheoryData<string, SampleComparison?, CheckOutcome, string> Queries => new()
    {
        { "up == 1", null, CheckOutcome.Passed, "1 sample, wanted: other than 0" },
        { "up{instance=\"{node}\"} == 1", null, CheckOutcome.Missing, "the query returns no sample" },
        { "up{job=\"self\"} == bool 0", null, CheckOutcome.False, "{instance=\"INSTANCE\",job=\"self\"} is 0; wanted: other than 0" },
        { "up", new() { Operator = SampleOperator.Greater, Value = "1" }, CheckOutcome.False, "up{instance=\"INSTANCE\",job=\"self\"} is 1; wanted: Greater 1" },
        { "prometheus_http_requests_total", new() { Operator = SampleOperator.GreaterOrEqual, Value = "0" }, CheckOutcome.Passed, "" },
        { "scalar(up)", null, CheckOutcome.Passed, "1 sample" },
        { "vector(1) - 1", null, CheckOutcome.False, "the sample is 0" },
        { "vector(0) / 0", null, CheckOutcome.Missing, "the sample is NaN" },
        { "vector(1) / 0", new() { Operator = SampleOperator.Greater, Value = "1e300" }, CheckOutcome.Passed, "" },
        { "up[1m]", null, CheckOutcome.Error, "a range of samples" },
        { "\"text\"", null, CheckOutcome.Error, "returns a string" },
        { "up{", null, CheckOutcome.Error, "bad_data: invalid parameter" },
        { "no_such_metric", null, CheckOutcome.Missing, "no sample" },
    };

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task An_instant_query_is_asked_and_judged(string query, SampleComparison? want, CheckOutcome outcome, string message)
    {
        var server = Server();

        var finding = await AskAsync(new() { Url = server.Address.AbsoluteUri, Query = query, Want = want });

        Assert.Equal(outcome, finding.Outcome);
        Assert.Contains(message.Replace("INSTANCE", server.Instance, StringComparison.Ordinal), finding.Message, StringComparison.Ordinal);
        Assert.StartsWith(server.Instance, finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_asked_over_tls_too()
    {
        await using var front = new TlsFront(Server().Address);

        Assert.Equal(
            (CheckOutcome.Passed, CheckOutcome.Error),
            ((await AskAsync(new() { Url = front.Address.AbsoluteUri, Query = "up", Tls = new() { CaBundle = front.Authority } })).Outcome,
                (await AskAsync(new() { Url = front.Address.AbsoluteUri, Query = "up" })).Outcome));
    }

    private PrometheusServer Server()
    {
        Assert.SkipWhen(fixture.Server is null, fixture.WhyNot);
        return fixture.Server!;
    }

    private static Task<CheckFinding> AskAsync(PrometheusCheck check) => new CheckProbes(Given.Nowhere, null!, new FakeTimeProvider()).MakeAsync(
        new() { Node = "n1", Epoch = new("uid", 1, "boot-1"), Checks = [] }, new() { Name = "metrics", Prometheus = check }, Given.Cancel);
}
