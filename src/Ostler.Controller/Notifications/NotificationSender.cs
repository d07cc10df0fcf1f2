using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Secrets;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using Ostler.Rollout.Notifications;
using Ostler.Rollout.Validation;
using Polly;
using Polly.Timeout;

namespace Ostler.Controller.Notifications;

/// <summary>One notification, with all that its body needs.</summary>
internal sealed record OutboundNotification
{
    public required string Policy { get; init; }

    public required string PolicyUid { get; init; }

    public required string Image { get; init; }

    public required NotificationReceiver Receiver { get; init; }

    public required NotificationStatus Entry { get; init; }

    public NodeCounts? Nodes { get; init; }
}

/// <summary>Delivers a notification.</summary>
internal interface INotificationSender
{
    /// <summary>One round of tries. Never throws but for cancellation.</summary>
    Task<Delivery> SendAsync(OutboundNotification notification, CancellationToken cancellationToken);
}

/// <summary>How patient the sender is.</summary>
internal sealed record NotificationOptions
{
    /// <summary>How long a try may take. Default: 10 s.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many tries a round has. Default: 3.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Before the second try; doubled after each. Default: 1 s.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    public required TimeProvider Time { get; init; }

    /// <summary>A number in [0, 1) for jitter.</summary>
    public required Func<double> Random { get; init; }
}

/// <summary>
/// Posts notifications. Whoever writes policies chooses where to, so the answer is none of their business: of it only the status code is
/// told, redirects are not followed, and nothing goes out but what anybody may read who may read policies.
/// </summary>
/// <param name="client">The API server, for Secrets.</param>
/// <param name="http">Made by <see cref="CreateHttpClient"/>.</param>
/// <param name="options">How patient.</param>
internal sealed class NotificationSender(ApiClient client, HttpClient http, NotificationOptions options) : INotificationSender
{
    private readonly ResiliencePipeline _pipeline = Pipeline(options);
    private readonly MarkedSecrets _secrets = new(client);

    /// <summary>A client that follows no redirect and keeps no cookie. Proxies of the environment are used.</summary>
    /// <param name="outbound">Which addresses it may connect to; null: the default.</param>
    public static HttpClient CreateHttpClient(OutboundRules? outbound = null)
    {
        var rules = outbound ?? OutboundRules.Default;
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = rules.ConnectAsync,
            Proxy = rules.Guard(HttpClient.DefaultProxy),
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 64,
        };
        var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.Add(new("ostler-controller", null));
        return client;
    }

    public async Task<Delivery> SendAsync(OutboundNotification notification, CancellationToken cancellationToken)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async token => await TryAsync(notification, token), cancellationToken);
        }
        catch (TransientException e)
        {
            return new(DeliveryOutcome.Failed, $"{e.Message} ({options.Attempts} attempts)");
        }
        catch (TimeoutRejectedException)
        {
            return new(DeliveryOutcome.Failed, $"no answer within {(Duration)options.AttemptTimeout} ({options.Attempts} attempts).");
        }
        catch (CheckException e)
        {
            return new(DeliveryOutcome.Failed, $"{e.Message}.");
        }
    }

    private async Task<Delivery> TryAsync(OutboundNotification notification, CancellationToken cancellationToken)
    {
        var (address, token) = await ReadAsync(notification.Receiver, cancellationToken);
        var body = NotificationBody.Of(
            notification.Receiver.Type, notification.Policy, notification.PolicyUid, notification.Image,
            notification.Entry, notification.Nodes);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        request.Headers.Add(NotificationBody.IdHeader, notification.Entry.Id);
        if (token is not null && notification.Receiver.Type == NotificationType.Webhook)
        {
            request.Headers.Add(NotificationBody.SignatureHeader, NotificationBody.Sign(body, token));
        }

        using var response = await PostAsync(request, cancellationToken);
        var code = (int)response.StatusCode;
        if (response.IsSuccessStatusCode)
        {
            return new(DeliveryOutcome.Delivered);
        }

        var retryAfter = RetryAfterHeader.Read(response.Headers, options.Time.GetUtcNow());
        return response.StatusCode switch
        {
            // It said when to come back: not before the next round.
            HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable when retryAfter is { } wait =>
                new(DeliveryOutcome.Failed, $"it answered {code} and asks to retry after {(Duration)wait}.", wait),
            HttpStatusCode.TooManyRequests => new(DeliveryOutcome.Failed, $"it answered {code}."),
            HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => throw new TransientException($"it answered {code}."),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => new(DeliveryOutcome.Failed, $"it answered {code}, and redirects are not followed: use the address that it points to."),
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new(DeliveryOutcome.Failed, $"it answered {code}: check the address."),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(DeliveryOutcome.Failed, $"it answered {code}: check the address and the token of secretRef."),
            _ => new(DeliveryOutcome.Failed, $"it answered {code}."),
        };
    }

    private async Task<HttpResponseMessage> PostAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            // Of the body nothing is read.
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception e) when (AddressRefusedException.IsCauseOf(e))
        {
            // Not which one: the address may be a secret.
            throw new CheckException("its address is a link-local or cloud metadata address, which Ostler does not connect to (--allow-addresses)");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The message names host and port at most, which belong to the address; so the kind of the error has to do.
            throw new TransientException(e is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown and var error } ? $"the request failed ({error})." : "the request failed.");
        }
    }

    private async Task<(Uri Address, byte[]? Token)> ReadAsync(NotificationReceiver receiver, CancellationToken cancellationToken)
    {
        if (receiver.SecretRef is not { } reference)
        {
            return (new(receiver.Url!), null);
        }

        var name = $"the Secret {reference.Namespace}/{reference.Name}";
        var secret = await _secrets.GetAsync(reference, SecretUse.Notification, name, "the Role ostler-notifications", cancellationToken);
        var address = receiver.Url ?? (Bytes("address") is { } bytes ? Encoding.UTF8.GetString(bytes).Trim() : throw new CheckException($"{name} has no key address, and url is not set"));
        if (NotificationAddress.Problem(address) is { } problem)
        {
            throw new CheckException($"the key address of {name} {problem}");
        }

        return (new(address), Bytes("token"));

        byte[]? Bytes(string key)
        {
            try
            {
                return secret.Data?.GetValueOrDefault(key) is { Length: > 0 } text ? Convert.FromBase64String(text) : null;
            }
            catch (FormatException)
            {
                throw new CheckException($"the key {key} of {name} cannot be read");
            }
        }
    }

    private static ResiliencePipeline Pipeline(NotificationOptions options) => new ResiliencePipelineBuilder { TimeProvider = options.Time }
        .AddRetry(new()
        {
            ShouldHandle = new PredicateBuilder().Handle<TransientException>().Handle<TimeoutRejectedException>(),
            MaxRetryAttempts = Math.Max(1, options.Attempts - 1),
            Delay = options.RetryDelay,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Randomizer = options.Random,
        })
        .AddTimeout(new TimeoutStrategyOptions { Timeout = options.AttemptTimeout })
        .Build();

    /// <summary>May go right in a moment.</summary>
    private sealed class TransientException(string message) : Exception(message);
}
