using System.Net.Sockets;

namespace Ostler.Testing.ControlPlane;

/// <summary>Asks whether a Docker engine answers, in two seconds at most, and at once where there is no socket.</summary>
internal static class DockerEngine
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <returns>Null when an engine answers, or why not.</returns>
    public static async Task<string?> ProbeAsync(Func<string, string?> environment, CancellationToken cancellationToken)
    {
        if (Endpoint(environment) is not { } endpoint)
        {
            return "no Docker socket and no DOCKER_HOST";
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Timeout);
        try
        {
            if (endpoint.Scheme is not "unix")
            {
                // Behind TLS or SSH; that somebody listens is enough to let Testcontainers try.
                using var client = new TcpClient();
                await client.ConnectAsync(endpoint.Host, endpoint.Port is > 0 and var port ? port : 2375, deadline.Token).ConfigureAwait(false);
                return null;
            }

            using var http = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (_, token) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    try
                    {
                        await socket.ConnectAsync(new UnixDomainSocketEndPoint(endpoint.AbsolutePath), token).ConfigureAwait(false);
                        return new NetworkStream(socket, ownsSocket: true);
                    }
                    catch
                    {
                        socket.Dispose();
                        throw;
                    }
                },
            });
            using var answer = await http.GetAsync(new Uri("http://docker/_ping"), deadline.Token).ConfigureAwait(false);
            return answer.IsSuccessStatusCode ? null : $"the Docker engine at {endpoint} answered {(int)answer.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException or SocketException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return $"no Docker engine answers at {endpoint}";
        }
    }

    private static Uri? Endpoint(Func<string, string?> environment)
    {
        if (environment("DOCKER_HOST") is { Length: > 0 } host)
        {
            return Uri.TryCreate(host, UriKind.Absolute, out var uri) ? uri : null;
        }

        string?[] sockets =
        [
            "/var/run/docker.sock",
            Under("XDG_RUNTIME_DIR", "docker.sock"),
            Under("HOME", ".docker/run/docker.sock"),
            Under("HOME", ".docker/desktop/docker.sock"),
        ];
        return sockets.FirstOrDefault(File.Exists) is { } socket ? new Uri("unix://" + socket) : null;

        string? Under(string variable, string name) => environment(variable) is { Length: > 0 } folder ? Path.Combine(folder, name) : null;
    }
}
