# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_poolcounterctl_global_optspecs
    string join \n h/help V/version
end

function __fish_poolcounterctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_poolcounterctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_poolcounterctl_using_subcommand
    set -l cmd (__fish_poolcounterctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -s h -l help -d 'Print help'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -s V -l version -d 'Print version'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "status" -d 'Show whether servers are ready, and how full they are'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "groups" -d 'Show what keys are about: holders, waiters, outcomes and waits of each group'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "keys" -d 'Show the hot keys: those with the most waiters, or the first in another order'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "key" -d 'Show who holds a key and who waits for it'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "clients" -d 'Show the clients of servers, and what they hold and wait for'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "events" -d 'Print what happens to keys, as it happens: one line for each event'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "record" -d 'Record every call into a server\'s lock table, until SIGINT or SIGTERM'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "advise" -d 'Try other settings on recordings, and print what each costs'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "top" -d 'Watch servers, groups of keys and hot keys'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "check" -d 'Check servers in one line, as a Nagios plugin: status 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "stats" -d 'Show the counters that servers give for STATS FULL, on port 7531'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "route" -d 'Show which server a key belongs to, and which come next'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "run" -d 'Run a command under a lock, as flock(1) does, but for all hosts that ask the same servers'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "kick" -d 'Disconnect a client of this host\'s server: its locks pass to those who wait'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "drain" -d 'Send this host\'s clients to their next server, without changing any configuration'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "undrain" -d 'Take new connections again after `drain`'
complete -c poolcounterctl -n "__fish_poolcounterctl_needs_command" -f -a "reload" -d 'Make this host\'s server read its configuration file again'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand status" -s s -l server -d 'An admin socket, unix:/PATH or ADDRESS:PORT; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand status" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand status" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand status" -s h -l help -d 'Print help'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand groups" -s s -l server -d 'An admin socket, unix:/PATH or ADDRESS:PORT; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand groups" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand groups" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand groups" -s h -l help -d 'Print help'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand keys" -l sort -d 'The order of the keys' -r -f -a "waiting\t'Most waiters now'
held\t'Oldest hold now'
acquires\t'Most requests'
refused\t'Most refusals'
waited\t'Most time waited'"
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand keys" -l window -d 'The time that acquires, refused and waited are counted in' -r -f -a "minute\t'The last minute'
hour\t'The last hour'"
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand keys" -l group -d 'Show only keys of this group' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand keys" -l limit -d 'Show at most this many keys' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand keys" -s s -l server -d 'An admin socket, unix:/PATH or ADDRESS:PORT; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand keys" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand keys" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand keys" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand key" -l limit -d 'Show at most this many holders and waiters' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand key" -s s -l server -d 'An admin socket, unix:/PATH or ADDRESS:PORT; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand key" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand key" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand key" -s h -l help -d 'Print help'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand clients" -l limit -d 'Show at most this many clients' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand clients" -s s -l server -d 'An admin socket, unix:/PATH or ADDRESS:PORT; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand clients" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand clients" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand clients" -s h -l help -d 'Print help'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand events" -l group -d 'Print only events of this group' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand events" -l count -d 'End after this many events of each server' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand events" -s s -l server -d 'An admin socket, unix:/PATH or ADDRESS:PORT; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand events" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand events" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand record" -s o -l output -d 'The file, which must not exist yet' -r -F
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand record" -l seconds -d 'End after this many seconds' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand record" -l last -d 'Write the calls of the last SECONDS seconds, and end' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand record" -l groups -d 'Record only keys of these groups' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand record" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand record" -s s -l server -d 'The admin socket of one server, unix:/PATH or ADDRESS:PORT' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand record" -l anonymous -d 'Replace keys by numbers; over TCP this is always done'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand record" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand record" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand advise" -l groups -d 'Only these groups of keys or pool types of MediaWiki, such as ArticleView' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand advise" -l workers -d 'The values of workers to try' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand advise" -l maxqueue -d 'The values of maxqueue to try' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand advise" -l timeout -d 'The values of timeout to try' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand advise" -l cores -d 'All work shares this many cores evenly; without it, work lasts as long as in the recording' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand advise" -l seed -d 'The seed of all random numbers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand advise" -l all -d 'Print all settings that were tried'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand advise" -l json -d 'Print JSON, with all settings'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand advise" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand top" -l iterations -d 'End after this many rounds' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand top" -l interval -d 'The time from one round to the next' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand top" -l sort -d 'The order of the keys' -r -f -a "waiting\t'Most waiters now'
held\t'Oldest hold now'
acquires\t'Most requests'
refused\t'Most refusals'
waited\t'Most time waited'"
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand top" -l window -d 'The time that acquires, refused and waited are counted in' -r -f -a "minute\t'The last minute'
hour\t'The last hour'"
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand top" -l group -d 'Show only keys of this group' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand top" -s s -l server -d 'An admin socket, unix:/PATH or ADDRESS:PORT; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand top" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand top" -l batch -d 'Print plain text, as top -b does; for scripts and logs'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand top" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -s s -l server -d 'An admin socket, unix:/PATH or ADDRESS:PORT; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -l stats -d 'Ask this server for STATS on port 7531 instead: HOST, HOST:PORT or unix:/PATH; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -l warn-waiters -d 'WARNING at this many waiters or more' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -l crit-waiters -d 'CRITICAL at this many waiters or more' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -l warn-held -d 'WARNING if a lock that others wait for has been held for this long' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -l crit-held -d 'CRITICAL if a lock that others wait for has been held for this long' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -l warn-refused -d 'WARNING at this many refusals a second or more, in the last minute' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -l crit-refused -d 'CRITICAL at this many refusals a second or more, in the last minute' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -l warn-clients -d 'WARNING if clients take this share of --max-clients, or of the descriptors if there is no such limit' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -l crit-clients -d 'CRITICAL if clients take this share of --max-clients, or of the descriptors if there is no such limit' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -l timeout -d 'How long a server may take to answer' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -l json -d 'Print JSON instead of the line'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand stats" -s s -l server -d 'A server: HOST, HOST:PORT or unix:/PATH; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand stats" -l timeout -d 'How long a server may take to answer' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand stats" -l json -d 'Print JSON, with all times in seconds'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand route" -s s -l server -d 'A server of MediaWiki\'s configuration; repeat it for each server' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand route" -l ring -d 'A node of python-poolcounter\'s ring; repeat it for each node' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand route" -l slots -d 'The MediaWiki pool of the key and its `slots`, such as ArticleView:50' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand route" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand route" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand run" -l key -d 'The key to lock: any bytes except NUL, LF and CR' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand run" -l workers -d 'How many may hold the key at once' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand run" -l maxqueue -d 'How many may hold the key or wait for it' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand run" -l timeout -d 'How long to wait for the lock; 0: not at all' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand run" -l mode -d 'Whether the work of another client is enough' -r -f -a "me\t'The command runs in any case, as soon as it has the lock'
any\t'If another client does the work meanwhile, the command is not run, and the status is 0'"
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand run" -s s -l server -d 'A server: HOST, HOST:PORT or unix:/PATH; may be repeated. Several are asked in MediaWiki\'s order' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand run" -l open -d 'Run the command unprotected if no server answers'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand run" -l kill-on-loss -d 'End the command if its lock is lost: by SIGTERM, and after 10 seconds by SIGKILL'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand kick" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand kick" -s s -l server -d 'The admin socket of the server, unix:/PATH' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand kick" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand kick" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand drain" -l wait -d 'Wait at most this long until no client is left; status 75 if some are left' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand drain" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand drain" -s s -l server -d 'An admin socket, unix:/PATH; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand drain" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand drain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand undrain" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand undrain" -s s -l server -d 'An admin socket, unix:/PATH; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand undrain" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand undrain" -s h -l help -d 'Print help'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand reload" -l timeout -d 'How long a server may take for an answer; a long list comes in several answers' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand reload" -s s -l server -d 'An admin socket, unix:/PATH; may be repeated' -r
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand reload" -l json -d 'Print JSON'
complete -c poolcounterctl -n "__fish_poolcounterctl_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
