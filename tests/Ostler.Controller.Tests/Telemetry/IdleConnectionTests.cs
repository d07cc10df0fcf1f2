using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Controller.Console;
using Ostler.Controller.Telemetry;

namespace Ostler.Controller.Tests.Telemetry;

/// <summary>Whoever holds connections open without asking anything must not fail the probes of the kubelet, which open one each.</summary>
public sealed class IdleConnectionTests : IAsyncDisposable
{
    private readonly List<Socket> _idle = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var socket in _idle)
        {
            socket.Dispose();
        }

        await ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("", Label = "they say nothing")]
    [InlineData("GET /healthz HTT", Label = "they stop in the middle of the request")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", Label = "they never end their headers")]
    public async Task Hundreds_of_idle_connections_fail_no_probe(string beginning)
    {
        await using var endpoint = await HealthAsync();

        await HoldAsync(endpoint.Address, 700, beginning);

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("ok\n", await GetAsync(endpoint.Address, "/healthz"));
        }
    }

    [Fact]
    public async Task The_console_answers_beside_them_as_well()
    {
        await using var console = await ConsoleServer.StartAsync(
            new() { Address = new(IPAddress.Loopback, 0) }, Given.Nowhere, NullLoggerFactory.Instance, TimeProvider.System, () => 0.5, Given.Cancel);

        await HoldAsync(console.Address, 700, "");

        Assert.Contains("<html", await GetAsync(console.Address, "/"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_oldest_idle_connection_makes_room_and_no_request_under_way_is_cut_off()
    {
        var (began, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var endpoint = await HttpEndpoint.StartAsync(
            new(IPAddress.Loopback, 0),
            new Dictionary<string, RequestDelegate>
            {
                ["/slow"] = async context =>
                {
                    began.TrySetResult();
                    await end.Task;
                    await context.Response.WriteAsync("done", context.RequestAborted);
                },
            },
            NullLoggerFactory.Instance,
            Given.Cancel);
        var slow = GetAsync(endpoint.Address, "/slow");
        await began.Task.WaitAsync(Given.Cancel);

        await HoldAsync(endpoint.Address, 300, "");

        // The server closed the first of them: a read ends.
        Assert.Equal(0, await ReadAsync(_idle[0]));
        end.SetResult();
        Assert.Equal("done", await slow);
    }

    private static Task<HttpEndpoint> HealthAsync() => HttpEndpoint.StartAsync(
        new(IPAddress.Loopback, 0), new Dictionary<string, RequestDelegate> { ["/healthz"] = HttpEndpoint.Probe(() => (true, "ok")) }, NullLoggerFactory.Instance, Given.Cancel);

    private async Task HoldAsync(Uri address, int connections, string beginning)
    {
        for (var i = 0; i < connections; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            _idle.Add(socket);
            await socket.ConnectAsync(address.Host.Trim('[', ']'), address.Port, Given.Cancel);
            if (beginning.Length > 0)
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(beginning), Given.Cancel);
            }
        }
    }

    private static async Task<int> ReadAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1], Given.Cancel);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    /// <summary>As the kubelet asks, which restarts a container after three probes in a row that fail.</summary>
    private static async Task<string> GetAsync(Uri address, string path)
    {
        for (var tries = 1; ; tries++)
        {
            using var http = new HttpClient();
            try
            {
                return await http.GetStringAsync(new Uri(address, path), Given.Cancel);
            }
            catch (HttpRequestException) when (tries < 3)
            {
                // A machine that is overloaded may not read a request within the time that a connection has for it.
            }
        }
    }
}
