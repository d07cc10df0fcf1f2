using Ostler.Api.Shared;
using Ostler.Rollout.Health;

namespace Ostler.Rollout.Validation;

/// <content>Prometheus queries.</content>
public static partial class SpecValidation
{
    private static void CheckPrometheus(string at, PrometheusCheck check, string ownNamespace, Problems problems)
    {
        CheckUrl($"{at}.url", check.Url, problems);
        CheckTls($"{at}.tls", check.Tls, check.Url, ownNamespace, problems);
        if (check.Url.AsSpan().ContainsAny('?', '#'))
        {
            problems.Invalid($"{at}.url", "must be the server's URL without ? and #: put query parameters into parameters");
        }

        if (string.IsNullOrWhiteSpace(check.Query))
        {
            problems.Invalid($"{at}.query", "must not be empty");
        }

        if (check.Want is { } want && !FieldCondition.TryNumber(want.Value, out _))
        {
            problems.Invalid($"{at}.want.value", "must be a number");
        }

        CheckSecret($"{at}.bearerTokenSecretRef", check.BearerTokenSecretRef, ownNamespace, problems);
        if (check.BearerTokenSecretRef is not null && !IsHttps(check.Url))
        {
            problems.Invalid($"{at}.bearerTokenSecretRef", "is sent over https only, because anyone on the network path could read it otherwise: use an https URL");
        }

        if (RequestRules.Problem(check) is var (field, message))
        {
            problems.Invalid($"{at}.{field}", message);
        }
    }
}
