using Ostler.FakeHostTools.Bootc;
using Ostler.FakeHostTools.RpmOstree;
using Ostler.FakeHostTools.Tools;

// The first word is the tool, as the name of a busybox would be; the rest is what the tool was called with.
if (args is not [var tool, .. var words])
{
    Console.Error.WriteLine("Usage: ostler-fake-host-tools bootc|rpm-ostree ARGUMENTS");
    return 2;
}

var sysroot = new Sysroot();
try
{
    return tool switch
    {
        "bootc" => new BootcTool(sysroot).Run(words),
        "rpm-ostree" => new RpmOstreeTool(sysroot).Run(words),
        _ => throw new UsageException($"no such tool: {tool}"),
    };
}
catch (UsageException usage)
{
    Console.Error.WriteLine($"error: {usage.Message}\n\nUsage: {tool} [OPTIONS] <COMMAND>\n\nFor more information, try '--help'.");
    return 2;
}
catch (ToolException failure)
{
    Console.Error.WriteLine("error: " + failure.Message);
    return 1;
}
