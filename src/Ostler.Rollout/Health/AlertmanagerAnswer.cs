using System.Globalization;
using System.Text;
using System.Text.Json;
using Ostler.Api.Shared;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Health;

/// <summary>What an Alertmanager (API v2) is asked, and what its answer says.</summary>
/// <remarks>
/// The server is asked for active alerts alone, and yet each is looked at again: one that it calls suppressed does not count, and an answer
/// that is no list of alerts is an error. An empty list is an answer as good as any, which is why <see cref="AlertsCheck.Watchdog"/>
/// exists.
/// </remarks>
public static class AlertmanagerAnswer
{
    private const int Named = 3;

    /// <summary>The query of a request for the active alerts that match.</summary>
    public static string Query(IEnumerable<AlertMatcher> matchers) =>
        "active=true&silenced=false&inhibited=false&unprocessed=true"
        + string.Concat(matchers.Select(m => $"&filter={Uri.EscapeDataString(Filter(m))}"));

    /// <summary>A matcher of the alert with this name.</summary>
    public static AlertMatcher Called(string alert) => new() { Name = "alertname", Value = alert };

    /// <summary>Judges the alerts that match.</summary>
    public static CheckFinding Judge(int code, ReadOnlyMemory<byte> body, IReadOnlyList<string>? ignore)
    {
        if (!TryRead(code, body, out var alerts, out var problem))
        {
            return problem;
        }

        string[] active = [.. alerts.Where(a => ignore?.Contains(a.Name, StringComparer.Ordinal) != true).Select(a => a.Shown)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return active.Length == 0
            ? CheckFinding.Pass("no matching alert is active")
            : CheckFinding.No($"{MessageText.Count(active.Length, "alert")} active: {MessageText.List(active, Named)}");
    }

    /// <summary>Whether the alert that always fires does; null: it does.</summary>
    public static CheckFinding? JudgeWatchdog(int code, ReadOnlyMemory<byte> body, string watchdog)
    {
        if (!TryRead(code, body, out var alerts, out var problem))
        {
            return problem;
        }

        return alerts.Any(a => a.Name == watchdog) ? null : CheckFinding.Missing(
            $"the alert {watchdog}, which always fires while monitoring works, is not active: check that Prometheus runs and sends its "
            + "alerts here");
    }

    private static string Filter(AlertMatcher matcher) =>
        $"{matcher.Name}{Sign(matcher.Operator)}\"{Quote(matcher.Value)}\"";

    private static string Quote(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Sign(AlertOperator comparison) => comparison switch
    {
        AlertOperator.Equal => "=",
        AlertOperator.NotEqual => "!=",
        AlertOperator.Matches => "=~",
        AlertOperator.DoesNotMatch => "!~",
    };

    private static bool TryRead(int code, ReadOnlyMemory<byte> body, out IReadOnlyList<Alert> alerts, out CheckFinding problem)
    {
        alerts = [];
        problem = default;
        try
        {
            using var json = JsonDocument.Parse(body);
            if (code is >= 200 and < 300 && json.RootElement.ValueKind == JsonValueKind.Array)
            {
                Alert?[] read = [.. json.RootElement.EnumerateArray().Select(Read)];
                if (read.All(a => a is not null))
                {
                    alerts = [.. read.Where(a => a!.Active)!];
                    return true;
                }

                problem = CheckFinding.Error(
                    "the answer lists something that is not an alert: check that the URL is that of an Alertmanager");
                return false;
            }
        }
        catch (JsonException)
        {
        }

        problem = NotAlertmanager(code, body.Span);
        return false;
    }

    // Null: not an alert. Any other state than the two known ones counts as active.
    private static Alert? Read(JsonElement item)
    {
        if (Text(item, "labels", "alertname") is not { Length: > 0 } name || Text(item, "status", "state") is not { } state)
        {
            return null;
        }

        var labels = item.GetProperty("labels").EnumerateObject()
            .Where(l => l.Name is "namespace" or "instance" or "node" or "severity" && l.Value.ValueKind == JsonValueKind.String)
            .Select(l => $"{l.Name}=\"{l.Value.GetString()}\"").Order(StringComparer.Ordinal).ToArray();
        return new(name, HttpFinding.Trim(labels.Length > 0 ? $"{name}{{{string.Join(',', labels)}}}" : name), state != "suppressed");
    }

    private static string? Text(JsonElement item, string of, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(of, out var inner) && inner.ValueKind == JsonValueKind.Object
        && inner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static CheckFinding NotAlertmanager(int code, ReadOnlySpan<byte> body)
    {
        var words = HttpFinding.Trim(Encoding.UTF8.GetString(body[..Math.Min(body.Length, 1024)]));
        var answer = string.Create(CultureInfo.InvariantCulture, $"answers {code}{(words.Length > 0 ? $": \"{words}\"" : "")}");
        return CheckFinding.Error(code switch
        {
            401 or 403 => $"{answer}; check the token",
            >= 300 and < 400 => $"{answer}; redirects are not followed: name the server that answers",
            404 => $"{answer}; check that the URL is that of an Alertmanager, without /api/v2",
            >= 200 and < 300 => $"{answer}; this is not an answer of an Alertmanager",
            _ => answer,
        });
    }

    private sealed record Alert(string Name, string Shown, bool Active);
}
