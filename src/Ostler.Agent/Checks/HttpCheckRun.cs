using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Kubernetes.Connections;
using Ostler.Kubernetes.Probes;
using Ostler.Rollout.Health;

namespace Ostler.Agent.Checks;

/// <summary>Asks an HTTP server from the network of the host, in which the agent's pod lives.</summary>
internal static class HttpCheckRun
{
    public static async Task<CheckFinding> FindAsync(HttpCheck check, Duration timeout, TimeProvider time, OutboundRules outbound, CancellationToken cancellationToken)
    {
        // The controller has put the node's name and address in; what it could not is still in braces.
        if (!Uri.TryCreate(check.Url, UriKind.Absolute, out var uri) || !(uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps))
        {
            return CheckFinding.Error(check.Url.Contains(Placeholders.Address, StringComparison.Ordinal)
                ? "the Node had no InternalIP in its status.addresses before the boot"
                : $"{check.Url} is not an http or https URL");
        }

        using var limit = new CancellationTokenSource(timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var probe = new HttpProbe(uri)
        {
            Outbound = outbound,
            Tls = new() { Authorities = check.Tls?.CaBundle, ServerName = check.Tls?.ServerName, Insecure = check.Tls?.InsecureSkipVerify ?? false },
        };
        try
        {
            var answer = await probe.SendAsync(stop.Token);
            return HttpFinding.Of(uri, answer.Code, answer.Phrase, answer.Body);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return CheckFinding.Error($"GET {HttpFinding.Shown(uri)}: no answer within {timeout}");
        }
        catch (HttpProbeException failure)
        {
            return CheckFinding.Error($"GET {HttpFinding.Shown(uri)}: {failure.Message}");
        }
    }
}
