using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Notifications;
using Ostler.Rollout.Notifications;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Notifications;

/// <summary>Notifications to a real HTTP receiver that has its moods.</summary>
public sealed class NotificationSenderTests : IAsyncDisposable
{
    private static readonly NotificationReceiver Secret = new() { Name = "ops", SecretRef = new() { Namespace = "ostler-system", Name = "ops" } };

    private readonly FakeTimeProvider _time = new(Given.Now);
    private readonly HttpClient _http = NotificationSender.CreateHttpClient();
    private readonly Channel<(IHeaderDictionary Headers, byte[] Body)> _requests = Channel.CreateUnbounded<(IHeaderDictionary, byte[])>();
    private readonly List<int> _codes = [];
    private readonly ScriptedServer _api;
    private readonly Dictionary<string, string> _secret = [];
    private LoopbackHttp? _receiver;
    private Func<HttpContext, Task> _answer = _ => Task.CompletedTask;
    private int _secretCode = 200;
    private string _use = "notification";

    public NotificationSenderTests() => _api = Given.Server((request, response) => _secretCode == 200 && request.Path == "/api/v1/namespaces/ostler-system/secrets/ops"
        ? response.JsonAsync($$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"ops","namespace":"ostler-system","labels":{"ostler.dev/use":"{{_use}}"} },"data":{{Data()}} }""")
        : response.StatusAsync(_secretCode, _secretCode == 403 ? "Forbidden" : "NotFound"));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _api.DisposeAsync();
        if (_receiver is not null)
        {
            await _receiver.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_body_is_signed_with_the_token_of_the_Secret_and_carries_the_id()
    {
        (_secret["address"], _secret["token"]) = (await StartAsync() + "/hook\n", "key");

        Assert.Equal(new(DeliveryOutcome.Delivered), await SendAsync(Secret));

        var (headers, body) = await _requests.Reader.ReadAsync(Given.Cancel);
        Assert.Equal(NotificationBody.Sign(body, Encoding.UTF8.GetBytes("key")), headers["X-Signature"]);
        Assert.Equal(("id-1", "application/json; charset=utf-8"), (headers["X-Ostler-Notification-Id"].ToString(), headers.ContentType.ToString()));
        Assert.Contains("\"event\":\"Halted\"", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 200 }, DeliveryOutcome.Delivered, 1)]
    [InlineData(new[] { 500, 204 }, DeliveryOutcome.Delivered, 2)]
    [InlineData(new[] { 500, 502, 503 }, DeliveryOutcome.Failed, 3)]
    [InlineData(new[] { 404 }, DeliveryOutcome.Failed, 1)]
    [InlineData(new[] { 429 }, DeliveryOutcome.Failed, 1)]
    [InlineData(new[] { 302 }, DeliveryOutcome.Failed, 1)]
    public async Task A_receiver_that_answers(int[] codes, DeliveryOutcome outcome, int requests)
    {
        var address = await StartAsync();
        _codes.AddRange(codes);
        _answer = context =>
        {
            context.Response.Headers.Location = address + "/elsewhere";
            return context.Response.WriteAsync("the answer is a secret");
        };

        var delivery = await SendAsync(new() { Name = "ops", Url = address });

        Assert.Equal((outcome, requests), (delivery.Outcome, _requests.Reader.Count));
        if (outcome == DeliveryOutcome.Failed)
        {
            Assert.Contains($"it answered {codes[^1]}", delivery.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", delivery.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task One_that_wants_to_be_left_alone_is()
    {
        var address = await StartAsync();
        _codes.Add(429);
        _answer = context =>
        {
            context.Response.Headers.RetryAfter = "120";
            return Task.CompletedTask;
        };

        var delivery = await SendAsync(new() { Name = "ops", Url = address });

        Assert.Equal(new(DeliveryOutcome.Failed, "it answered 429 and asks to retry after 2m.", TimeSpan.FromMinutes(2)), delivery);
    }

    [Fact]
    public async Task One_that_hangs_is_given_up_after_its_time()
    {
        var address = await StartAsync();
        _answer = context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

        var sending = SendAsync(new() { Name = "ops", Url = address });
        for (var i = 0; i < 3; i++)
        {
            await _requests.Reader.ReadAsync(Given.Cancel);
            Assert.False(sending.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(new(DeliveryOutcome.Failed, "no answer within 10s (3 attempts)."), await sending);
    }

    [Fact]
    public async Task An_address_that_is_secret_is_in_no_error()
    {
        _secret["address"] = "http://127.0.0.1:1/T000/B000/XXXX";
        var refused = await SendAsync(Secret);
        _secret["address"] = "hooks.slack.com/T000/B000/XXXX";
        var unreadable = await SendAsync(Secret);

        Assert.Equal("the request failed (ConnectionError). (3 attempts)", refused.Error);
        Assert.Equal("the key address of the Secret ostler-system/ops must be an http or https address.", unreadable.Error);
    }

    [Theory]
    [InlineData(404, "the Secret ostler-system/ops does not exist.")]
    [InlineData(403, "the controller may not read the Secret ostler-system/ops: grant get on secrets with the Role ostler-notifications.")]
    [InlineData(200, "the Secret ostler-system/ops has no key address, and url is not set.")]
    public async Task A_Secret_that_cannot_be_read_is_named(int code, string error)
    {
        _secretCode = code;

        Assert.Equal(new(DeliveryOutcome.Failed, error), await SendAsync(Secret));
    }

    [Fact]
    public async Task A_Secret_for_another_purpose_is_not_sent_anywhere()
    {
        (_secret["address"], _secret["token"], _use) = (await StartAsync(), "key", "pull");

        var delivery = await SendAsync(Secret);

        Assert.StartsWith("the Secret ostler-system/ops is marked ostler.dev/use: pull, but is used for notification.", delivery.Error, StringComparison.Ordinal);
        Assert.False(_requests.Reader.TryRead(out _));
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/iam/security-credentials/", Label = "by its address")]
    [InlineData("http://[fe80::1]/", Label = "link-local over IPv6")]
    [InlineData("http://2852039166/", Label = "as one number")]
    public async Task A_metadata_service_is_no_receiver(string url)
    {
        var delivery = await SendAsync(new() { Name = "ops", Url = url });

        Assert.Equal(
            new(DeliveryOutcome.Failed, "its address is a link-local or cloud metadata address, which Ostler does not connect to (--allow-addresses)."), delivery);
    }

    private string Data() => new JsonObject(_secret.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)Convert.ToBase64String(Encoding.UTF8.GetBytes(s.Value))))).ToJsonString();

    private Task<Delivery> SendAsync(NotificationReceiver receiver) => new NotificationSender(
            Given.Client(_api), _http, new() { RetryDelay = TimeSpan.Zero, Time = _time, Random = () => 0.5 })
        .SendAsync(
            new()
            {
                Policy = "edge",
                PolicyUid = "uid",
                Image = "edge-os",
                Receiver = receiver,
                Entry = new() { Id = "id-1", Receiver = receiver.Name, Event = RolloutEvent.Halted, Reason = "TooManyFailures", Message = "m", At = Given.Now, State = NotificationState.Pending },
            },
            Given.Cancel);

    private async Task<string> StartAsync()
    {
        var count = 0;
        _receiver = await LoopbackHttp.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            context.Response.StatusCode = _codes.Count == 0 ? 200 : _codes[Math.Min(count++, _codes.Count - 1)];
            await _requests.Writer.WriteAsync((new HeaderDictionary(context.Request.Headers.ToDictionary()), body.ToArray()));
            await _answer(context);
        });
        return _receiver.Url;
    }
}
