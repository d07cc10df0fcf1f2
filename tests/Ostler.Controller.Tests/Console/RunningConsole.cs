using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Api.NodeOSes;
using Ostler.Controller.Console;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Console;

/// <summary>A console over an API server in memory, and a client of it.</summary>
internal sealed class RunningConsole : IAsyncDisposable
{
    private readonly ApiClient _client;

    private RunningConsole(StoredObjects api, ApiClient client, ConsoleServer server)
    {
        (Api, _client, Server) = (api, client, server);
        Http = new() { BaseAddress = new($"http://127.0.0.1:{server.Address.Port}/"), Timeout = TimeSpan.FromSeconds(30) };
    }

    public StoredObjects Api { get; }

    public ConsoleServer Server { get; }

    public HttpClient Http { get; }

    public static async Task<RunningConsole> StartAsync(
        ConsoleSettings? settings = null, Func<ScriptedRequest, ScriptedResponse, Task>? others = null, TimeProvider? time = null, ILoggerFactory? loggers = null)
    {
        var api = new StoredObjects(others);
        api.Put(CoreResources.Nodes, Given.Node("a"));
        api.Put(OstlerResources.NodeOSes, Given.NodeOS("a", status: new() { Step = Ostler.Api.NodeOSes.NodeStep.Staged }));
        api.Put(OstlerResources.UpgradePolicies, Given.Policy("edge"));
        api.Put(OstlerResources.OSImages, Given.Image());
        var client = new ApiClient(api.Server.CreateClient());
        settings ??= new();
        var server = await ConsoleServer.StartAsync(
            settings with { Address = new(settings.Address.Address, 0) }, client, loggers ?? NullLoggerFactory.Instance, time ?? TimeProvider.System, () => 0.5, Given.Cancel);
        return new(api, client, server);
    }

    public async Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Given.Cancel);
    }

    /// <summary>The next event of a stream, as its lines.</summary>
    public static async Task<string[]> NextAsync(StreamReader reader)
    {
        var lines = new List<string>();
        while (await reader.ReadLineAsync(Given.Cancel) is { } line)
        {
            if (line.Length == 0)
            {
                return [.. lines];
            }

            lines.Add(line);
        }

        return [];
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        _client.Dispose();
        await Api.DisposeAsync();
    }
}
