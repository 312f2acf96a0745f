# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for tringctl

_tringctl() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb= word
        local verbs='login logout status call answer decline silence hangup mute unmute pause unpause history
                listen groups block unblock who-may-ring devices dnd test-ring'
        local -A options=(
                [login]='--token-file --device-name'
                [call]='--group --video --timeout'
                [answer]='--end-others'
                [decline]='--busy'
                [history]='--missed --limit --mark-seen'
        )

        for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                [[ $word == -* ]] && continue
                verb=$word
                break
        done

        case $previous in
        --token-file)
                COMPREPLY=($(compgen -f -- "$current"))
                return
                ;;
        --device-name | --timeout | --limit)
                return
                ;;
        devices)
                COMPREPLY=($(compgen -W 'microphone speaker camera ring echo-cancel' -- "$current"))
                return
                ;;
        who-may-ring)
                COMPREPLY=($(compgen -W 'everybody called nobody' -- "$current"))
                return
                ;;
        dnd)
                COMPREPLY=($(compgen -W 'on off' -- "$current"))
                return
                ;;
        esac

        if [[ $current == -* ]]; then
                COMPREPLY=($(compgen -W "--json --help --version ${options[$verb]-}" -- "$current"))
        elif [[ -z $verb ]]; then
                COMPREPLY=($(compgen -W "$verbs" -- "$current"))
        elif [[ $verb == @(answer|decline|silence|hangup|mute|unmute|pause|unpause) ]]; then
                # The ids of the calls on this device. A Tab does not start the service.
                local ids
                ids=$(busctl --user status org.tring.Calls1 >/dev/null 2>&1 &&
                        busctl --user tree --list org.tring.Calls1 2>/dev/null |
                        sed -n 's,^/org/tring/Calls1/call/,,p' | tr _ -)
                COMPREPLY=($(compgen -W "$ids" -- "$current"))
        elif [[ $verb == unblock ]]; then
                local uids
                uids=$(busctl --user status org.tring.Calls1 >/dev/null 2>&1 &&
                        busctl --user get-property org.tring.Calls1 /org/tring/Calls1 \
                                org.tring.Calls1.Manager Blocked 2>/dev/null |
                        cut -d' ' -f3- | tr -d '"')
                COMPREPLY=($(compgen -W "$uids" -- "$current"))
        fi
}
complete -F _tringctl tringctl
