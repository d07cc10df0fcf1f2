using System.Text.Json.Nodes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Events;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.Events;

public sealed class EventRecorderTests : IAsyncDisposable
{
    private static readonly ObjectRef Policy = new("ostler.dev/v1alpha1", "UpgradePolicy", "", "fleet", "uid-fleet");

    private readonly TestClock _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ScriptedServer _server;
    private readonly ApiClient _client;
    private readonly EventRecorder _recorder;
    private Task _running = Task.CompletedTask;
    private Func<ScriptedRequest, ScriptedResponse, CancellationToken, Task<bool>>? _fault;

    public EventRecorderTests()
    {
        _server = new ScriptedServer(async (request, response, token) =>
        {
            if (_fault is { } fault && await fault(request, response, token))
            {
                return;
            }
            await response.JsonAsync(request.Method == "POST" ? request.BodyText : """{"metadata":{"name":"x"}}""", request.Method == "POST" ? 201 : 200);
        });
        _client = new ApiClient(_server.CreateClient(), new ApiClientOptions { TimeProvider = _time, Timeout = TimeSpan.FromSeconds(29) });
        _recorder = new EventRecorder(
            _client, new EventRecorderOptions { Component = "ostler-controller", Host = "pod-1", Capacity = 50, FlushTimeout = TimeSpan.FromSeconds(7) }, _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(Within.Deadline);
        _client.Dispose();
        await _server.DisposeAsync();
        _stop.Dispose();
    }

    private void Start() => _running = _recorder.RunAsync(_stop.Token);

    private void Publish(string message = "node a is drained", string reason = "Drained", ObjectRef? regarding = null) =>
        _recorder.Publish(regarding ?? Policy, EventType.Normal, reason, message, "Drain");

    private async Task<ScriptedRequest> NextAsync() => await _server.NextRequestAsync(Within.Deadline);

    /// <summary>Sends all that was published, and ends.</summary>
    private async Task<IReadOnlyList<ScriptedRequest>> FlushAsync()
    {
        Start();
        await _stop.CancelAsync();
        await _running.WaitAsync(Within.Deadline);
        return _server.Received;
    }

    [Fact]
    public async Task An_event_is_what_kubectl_describe_expects()
    {
        Publish();
        var request = Assert.Single(await FlushAsync());

        Assert.Equal("POST", request.Method);
        Assert.Equal("/api/v1/namespaces/default/events", request.Path);
        var body = request.BodyJson!;
        Assert.StartsWith("fleet.", (string)body["metadata"]!["name"]!, StringComparison.Ordinal);
        body["metadata"]!.AsObject().Remove("name");
        Assert.Equal(
            """{"apiVersion":"v1","kind":"Event","metadata":{"namespace":"default"},"involvedObject":{"apiVersion":"ostler.dev/v1alpha1","kind":"UpgradePolicy","name":"fleet","uid":"uid-fleet"},"type":"Normal","reason":"Drained","message":"node a is drained","action":"Drain","count":1,"firstTimestamp":"2026-01-02T03:04:05Z","lastTimestamp":"2026-01-02T03:04:05Z","source":{"component":"ostler-controller","host":"pod-1"},"reportingComponent":"ostler-controller","reportingInstance":"pod-1"}""",
            body.ToJsonString());
    }

    [Fact]
    public async Task An_event_about_something_in_a_namespace_lives_there()
    {
        Publish(regarding: new ObjectRef("v1", "Pod", "ns", "p", "u"));

        Assert.Equal("/api/v1/namespaces/ns/events", Assert.Single(await FlushAsync()).Path);
    }

    [Fact]
    public async Task A_repetition_raises_the_count_of_the_event_that_exists()
    {
        Start();
        Publish();
        var created = await NextAsync();
        _time.Advance(TimeSpan.FromSeconds(9));
        Publish();
        var second = await NextAsync();
        Publish();
        var third = await NextAsync();

        var name = (string)created.BodyJson!["metadata"]!["name"]!;
        Assert.Equal(("PATCH", $"/api/v1/namespaces/default/events/{name}"), (second.Method, second.Path));
        Assert.Equal("""{"count":2,"lastTimestamp":"2026-01-02T03:04:14Z","message":"node a is drained"}""", second.BodyText);
        Assert.Equal(3, (int)third.BodyJson!["count"]!);
    }

    [Fact]
    public async Task An_event_that_the_server_has_forgotten_is_created_again()
    {
        _fault = async (request, response, _) =>
        {
            if (request.Method != "PATCH")
            {
                return false;
            }
            await response.StatusAsync(404, "NotFound");
            return true;
        };
        Publish();
        Publish();
        var requests = await FlushAsync();

        Assert.Equal(["POST", "PATCH", "POST"], requests.Select(r => r.Method));
        Assert.Equal(1, (int)requests[2].BodyJson!["count"]!);
        Assert.NotEqual((string?)requests[0].BodyJson!["metadata"]!["name"], (string?)requests[2].BodyJson!["metadata"]!["name"]);
    }

    [Fact]
    public async Task Another_object_reason_or_message_is_another_event()
    {
        Publish();
        Publish(message: "node b is drained");
        Publish(reason: "Cordoned");
        Publish(regarding: Policy with { Uid = "another" });

        Assert.Equal(["POST", "POST", "POST", "POST"], (await FlushAsync()).Select(r => r.Method));
    }

    [Fact]
    public async Task Messages_that_differ_each_time_become_one_event()
    {
        for (var i = 0; i < 13; i++)
        {
            Publish(message: $"{i} pods left");
        }
        var requests = await FlushAsync();

        Assert.Equal(11, requests.Count(r => r.Method == "POST"));
        Assert.Equal("(combined from similar events): 10 pods left", (string?)requests[10].BodyJson!["message"]);
        Assert.Equal("(combined from similar events): 12 pods left", (string?)requests[12].BodyJson!["message"]);
        Assert.Equal(3, (int)requests[12].BodyJson!["count"]!);
    }

    [Fact]
    public async Task One_object_cannot_flood_the_others()
    {
        for (var i = 0; i < 30; i++)
        {
            Publish();
        }
        Publish(regarding: Policy with { Name = "other" });
        var requests = await FlushAsync();

        Assert.Equal(26, requests.Count);
        Assert.Equal("other", (string?)requests[^1].BodyJson!["involvedObject"]!["name"]);
    }

    [Fact]
    public async Task The_spam_filter_lets_one_more_pass_after_each_period()
    {
        for (var i = 0; i < 26; i++)
        {
            Publish();
        }
        _time.Advance(TimeSpan.FromMinutes(5));
        Publish();
        Publish();

        Assert.Equal(26, (await FlushAsync()).Count);
    }

    [Fact]
    public async Task Publishing_never_blocks_and_what_does_not_fit_is_counted()
    {
        using var probe = new MetricProbe("reason", "overflow");
        for (var i = 0; i < 51; i++)
        {
            Publish(regarding: Policy with { Name = $"p{i}" });
        }

        Assert.Equal("overflow", await probe.NextAsync("events_dropped_total", "reason"));
        Assert.Equal(50, (await FlushAsync()).Count);
    }

    [Fact]
    public async Task A_failure_that_may_pass_is_tried_again()
    {
        var failures = 2;
        _fault = async (_, response, _) =>
        {
            if (failures-- <= 0)
            {
                return false;
            }
            await response.StatusAsync(503, "ServiceUnavailable");
            return true;
        };
        Start();
        Publish();
        await _time.PassAsync(TimeSpan.FromSeconds(1));
        await _time.PassAsync(TimeSpan.FromSeconds(2));
        for (var i = 0; i < 3; i++)
        {
            await NextAsync();
        }
        Publish(reason: "Next");

        Assert.Equal("Next", (string?)(await NextAsync()).BodyJson!["reason"]);
    }

    [Fact]
    public async Task An_event_that_is_refused_does_not_hold_up_the_next()
    {
        _fault = async (request, response, _) =>
        {
            if ((string?)request.BodyJson!["reason"] != "Bad")
            {
                return false;
            }
            await response.StatusAsync(403, "Forbidden");
            return true;
        };
        Publish(reason: "Bad");
        Publish(reason: "Good");

        Assert.Equal(["Bad", "Good"], (await FlushAsync()).Select(r => (string?)r.BodyJson!["reason"]));
    }

    [Fact]
    public async Task The_end_is_bounded_although_the_server_hangs()
    {
        _fault = async (_, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return true;
        };
        Start();
        Publish();
        await NextAsync();

        await _stop.CancelAsync();
        await _time.PassAsync(TimeSpan.FromSeconds(7));

        await _running.WaitAsync(Within.Deadline);
    }

    [Fact]
    public async Task Long_texts_are_cut_to_what_the_server_takes()
    {
        Publish(message: new string('x', 1023) + "😀", reason: new string('R', 200), regarding: Policy with { Name = new string('n', 253) });
        var body = Assert.Single(await FlushAsync()).BodyJson!;

        Assert.Equal(new string('x', 1023), (string?)body["message"]);
        Assert.Equal(128, ((string)body["reason"]!).Length);
        Assert.InRange(((string)body["metadata"]!["name"]!).Length, 200, 253);
    }
}
