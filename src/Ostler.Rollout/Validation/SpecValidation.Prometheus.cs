using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;

namespace Ostler.Rollout.Validation;

/// <content>Prometheus queries.</content>
public static partial class SpecValidation
{
    private static void CheckPrometheus(string at, PrometheusCheck check, string ownNamespace, Problems problems)
    {
        CheckServer(at, check.Url, check.Tls, check.BearerTokenSecretRef, ownNamespace, problems);
        if (string.IsNullOrWhiteSpace(check.Query))
        {
            problems.Invalid($"{at}.query", "must not be empty");
        }

        if (check.Want is { } want && !FieldCondition.TryNumber(want.Value, out _))
        {
            problems.Invalid($"{at}.want.value", "must be a number");
        }

        if (RequestRules.Problem(check) is var (field, message))
        {
            problems.Invalid($"{at}.{field}", message);
        }
    }

    /// <summary>The server of a query: its address, whom it must be signed by, and what it is sent.</summary>
    private static void CheckServer(string at, string url, CheckTls? tls, SecretReference? token, string ownNamespace, Problems problems)
    {
        CheckUrl($"{at}.url", url, problems);
        CheckTls($"{at}.tls", tls, url, ownNamespace, problems);
        if (url.AsSpan().ContainsAny('?', '#'))
        {
            problems.Invalid($"{at}.url", "must be the server's URL without ? and #: put query parameters into parameters");
        }

        CheckSecret($"{at}.bearerTokenSecretRef", token, ownNamespace, problems);
        if (token is null)
        {
            return;
        }

        if (!IsHttps(url))
        {
            problems.Invalid($"{at}.bearerTokenSecretRef", "is sent over https only, because anyone on the network path could read it otherwise: use an https URL");
        }

        if (tls?.InsecureSkipVerify == true)
        {
            problems.Invalid($"{at}.tls.insecureSkipVerify", RequestRules.InsecureToken);
        }
    }
}
