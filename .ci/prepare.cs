// Downloads or builds what the tests' control plane needs, before the tests start and with its progress on the console.
#:project ../tests/Ostler.Testing/Ostler.Testing.csproj
#:property PublishAot=false

using System.Diagnostics;
using System.Globalization;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Tools;

var began = Stopwatch.GetTimestamp();

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
try
{
    Console.WriteLine($"Control plane of the tests: {await TestCluster.PrepareAsync(Say, stop.Token)}");
    var (helm, whyNot) = await KubernetesTools.FindHelmAsync(stop.Token);
    Console.WriteLine($"helm of the tests: {helm ?? $"none, and so tests of the chart are skipped. {whyNot}"}");
    var (chromium, noChromium) = await Browsers.FindChromiumAsync(stop.Token);
    Console.WriteLine($"Chromium of the tests: {chromium ?? $"none, and so tests of the console in a browser are skipped. {noChromium}"}");
    return 0;
}
catch (ClusterStartException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
catch (OperationCanceledException)
{
    return 130;
}

void Say(string line) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Stopwatch.GetElapsedTime(began):mm\\:ss}] {line}"));
