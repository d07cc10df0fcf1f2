using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.Support;

/// <summary>One answer of a script.</summary>
internal delegate Task Answer(ScriptedRequest request, ScriptedResponse response, CancellationToken cancellationToken);

/// <summary>Scripts of an API server that is listed and watched.</summary>
internal static class Script
{
    /// <summary>The first list gets the first of the answers, and so on; after the last of them the server says nothing more.</summary>
    public static ScriptedHandler Of(Answer[] lists, Answer[] watches)
    {
        int list = -1, watch = -1;
        return (request, response, token) =>
        {
            // Pages of a list belong together: the answer tells them apart by its continue token.
            var answers = request.IsWatch ? watches : lists;
            var index = request.IsWatch ? Interlocked.Increment(ref watch) : Interlocked.Increment(ref list);
            return index < answers.Length ? answers[index](request, response, token) : Silence(request, response, token);
        };
    }

    public static Answer Json(string json) => (_, response, _) => response.JsonAsync(json);

    public static Answer Status(int code, string reason, IReadOnlyDictionary<string, string>? headers = null) =>
        (_, response, _) => response.StatusAsync(code, reason, headers: headers);

    /// <summary>Sends the lines and keeps the stream open.</summary>
    public static Answer Open(params string[] lines) => async (request, response, token) =>
    {
        await Lines(lines)(request, response, token);
        await Silence(request, response, token);
    };

    /// <summary>Sends the lines and ends the stream as servers do every few minutes.</summary>
    public static Answer Lines(params string[] lines) => async (_, response, _) =>
    {
        await response.StartStreamAsync();
        foreach (var line in lines)
        {
            await response.WriteLineAsync(line);
        }
    };

    /// <summary>Sends the lines and resets the connection when told to.</summary>
    public static Answer BrokenOff(Task when, params string[] lines) => async (request, response, token) =>
    {
        await Lines(lines)(request, response, token);
        await when.WaitAsync(token);
        response.Reset();
    };

    public static async Task Silence(ScriptedRequest request, ScriptedResponse response, CancellationToken cancellationToken) =>
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
}
