// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LogicToken} from "base/LogicToken.sol";
import {Proxy} from "base/Proxy.sol";
import {IUpgradable, ProxyAdmin} from "traps/ProxyAdmin.sol";

/// Trap: a transparent proxy whose admin belongs to one key.
contract ProxyTransparent is Proxy {
    event Upgraded(address indexed implementation);

    constructor(string memory name_, string memory symbol_, uint256 supply) {
        address logic = address(new LogicToken());
        _put(IMPLEMENTATION_SLOT, logic);
        _put(ADMIN_SLOT, address(new ProxyAdmin(msg.sender)));
        _begin(logic, abi.encodeCall(LogicToken.initialize, (name_, symbol_, supply, msg.sender)));
    }

    fallback() external payable override {
        if (msg.sender != _at(ADMIN_SLOT)) _delegate(_implementation());
        require(msg.sig == IUpgradable.upgradeTo.selector, "the admin can only upgrade");
        address implementation = abi.decode(msg.data[4:], (address));
        _put(IMPLEMENTATION_SLOT, implementation);
        emit Upgraded(implementation);
    }
}
